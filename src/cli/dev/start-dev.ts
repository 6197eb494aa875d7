import type { Config } from '../../config/config.js';
import { loadConfig, type Environment } from '../../config/load-config.js';
import type { ExpressApplication } from '../../http/api-server.js';
import { HealthServer } from '../../http/health-server.js';
import type { LogDestination } from '../../observability/logger.js';
import { asTenantId, asUserId, type TenantId, type UserId } from '../../protocol/ids.js';
import { startPod, type Preparation, type RunningPod } from '../../start-pod.js';
import { makeDevKeys, type TokenOptions } from './dev-keys.js';
import { devPages } from './dev-pages.js';
import { refuseUpgrades } from './this-machine.js';

export interface DevOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly tenant?: TenantId;
  /** Whom a token is for unless it is said. */
  readonly user?: UserId;
  /** Served at `/` instead of the built-in page, as it is at that moment. */
  readonly pageFile?: string;
  /** Settings of a pod hold, apart from those that `baton dev` is about: where it listens, keys, storage. */
  readonly env?: Environment;
  /** Takes each line of the log; else they are on stdout, as a pod's are. */
  readonly log?: (line: string) => void;
}

/** Baton in this process, with everything in its memory. */
export interface RunningDev {
  /** `http://localhost:<port>`; the same port takes WebSockets. */
  readonly url: string;
  readonly healthUrl: string;
  readonly tenant: TenantId;
  readonly user: UserId;
  /** May do everything in the tenant. */
  readonly apiKey: string;
  token(user?: string, options?: TokenOptions): Promise<string>;
  /** Ends at once: there is nobody to hand clients over to. */
  close(): Promise<void>;
}

/** What `baton dev` decides itself: only loopback, because its page hands out credentials. */
const OWN = /^BATON_(HOST|PORT|HEALTH_PORT|STORAGE|REDIS_.*|TOKEN_.*|RESUME_KEYS_FILE|API_KEYS_FILE|ADVERTISED_URL)$/;
const LOOPBACK = '127.0.0.1';

/** Rejects if the port is taken (EADDRINUSE), or with ConfigError. */
export async function startDev(options: DevOptions): Promise<RunningDev> {
  const { port, tenant = asTenantId('development'), user = asUserId('ada'), env = {} } = options;
  const keys = makeDevKeys(tenant);
  const kept = Object.entries(env).filter(([key]) => key.startsWith('BATON_') && !OWN.test(key));
  const token: RunningDev['token'] = (of = user, more = {}) => keys.token(asUserId(of), more);
  const pod = await keys.withFiles(async (files) => {
    const config = loadConfig({
      BATON_LOG_LEVEL: 'warn',
      ...Object.fromEntries(kept),
      ...files,
      BATON_STORAGE: 'memory',
      BATON_HOST: LOOPBACK,
      BATON_PORT: String(port),
      BATON_HEALTH_PORT: '0',
    });
    const { allowedOrigins } = config.connections;
    const { pageFile = null, log } = options;
    const pages = devPages({ tenant, user, apiKey: keys.apiKey, token, pageFile, allowedOrigins });
    const prepare: Preparation = (app) => {
      app.use(pages);
      refuseUpgrades(app.getHttpServer(), allowedOrigins);
    };
    return startOrLeaveNothing(config, prepare, log && { write: log });
  });
  return {
    url: `http://localhost:${pod.port}`,
    healthUrl: `http://${LOOPBACK}:${pod.healthPort}`,
    tenant,
    user,
    apiKey: keys.apiKey,
    token,
    close: () => pod.close(),
  };
}

/** A pod of production ends its process when it can't start; here the process is somebody else's. */
async function startOrLeaveNothing(config: Config, prepare: Preparation, log?: LogDestination): Promise<RunningPod> {
  let begun: ExpressApplication | undefined;
  const begin: Preparation = (app) => {
    begun = app;
    prepare(app);
  };
  try {
    return await startPod(config, begin, log);
  } catch (error) {
    await begun?.close();
    await begun?.get(HealthServer).close();
    throw error;
  }
}
