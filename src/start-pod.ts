import type { AddressInfo } from 'node:net';
import type { NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { buildVersion } from './build-version.js';
import type { Config } from './config/config.js';
import { CLOCK } from './config/tokens.js';
import { BatonWsAdapter } from './connections/baton-ws-adapter.js';
import type { ConnectionContext } from './connections/connection-context.js';
import { CONNECTION_CONTEXT } from './connections/gateway.module.js';
import { OpenConnections } from './connections/open-connections.js';
import { DrainCoordinator } from './draining/drain-coordinator.js';
import type { Drainable } from './draining/signals.js';
import { FLEET, type Fleet } from './fleet/fleet.js';
import { configureApi, type ExpressApplication } from './http/api-server.js';
import { HealthServer } from './http/health-server.js';
import { StartupProgress } from './http/startup-progress.js';
import { backoffMs } from './lib/backoff.js';
import type { Clock } from './lib/clock.js';
import { LOGGER, type LogDestination, type Logger } from './observability/logger.js';
import { METRICS, type Metrics } from './observability/metrics.js';
import { NestLogger } from './observability/nest-logger.js';
import { STORAGE_HEALTH, type StorageHealth } from './redis/storage-health.js';
import { warmUp } from './warm-up.js';

/**
 * What the API is answering at the end has this long. The server's own close would wait for every connection, also for one
 * that was opened in advance, as browsers and load balancers do, and has said nothing.
 */
const ANSWER_WITHIN_MS = 2_000;

/** A pod that serves. `close` ends what a drain leaves open: the application, then the probes. */
export interface RunningPod extends Drainable {
  readonly port: number;
  readonly healthPort: number;
  readonly app: ExpressApplication;
}

/** What somebody puts in front of the API before it is opened. */
export type Preparation = (app: ExpressApplication) => void;

/**
 * Probes listen first; then Redis must answer, the port opens, the handshake is warmed up, and only then the fleet and
 * readiness say that this pod serves. Rejects if a key file is bad or a port is taken; waits for Redis for ever, which
 * is /startupz' to judge.
 */
export async function startPod(
  config: Config,
  prepare: Preparation = () => undefined,
  logTo?: LogDestination,
): Promise<RunningPod> {
  const app = await createApp(config, prepare, logTo);
  const logger = app.get<Logger>(LOGGER);
  const clock = app.get<Clock>(CLOCK);
  const health = app.get(HealthServer);
  const startup = app.get(StartupProgress);
  const { host, port: wantedPort, healthPort: wantedHealthPort } = config.server;
  const healthPort = await health.listen(wantedHealthPort, host);
  await app.init();
  await storageAnswers(app);
  startup.reach('opening');
  await app.listen(wantedPort, host);
  const { port } = app.getHttpServer().address() as AddressInfo;
  startup.reach('warming-up');
  await warmUp(port, host);
  startup.reach('joining');
  await app.get<Fleet>(FLEET).announce('serving');
  startup.reach('started');
  logger.info('server.listening', { port, healthPort });
  const close = async (): Promise<void> => {
    const cut = clock.after(ANSWER_WITHIN_MS, () => app.getHttpServer().closeAllConnections());
    await app.close();
    cut.cancel();
    await health.close();
  };
  return { app, port, healthPort, drain: app.get(DrainCoordinator), clock, logger, close };
}

async function createApp(config: Config, prepare: Preparation, logTo?: LogDestination): Promise<ExpressApplication> {
  const options: Partial<NestApplicationOptions> = { abortOnError: false, bodyParser: false, bufferLogs: true };
  const app = await NestFactory.create<ExpressApplication>(await AppModule.of(config, logTo), options);
  app.useLogger(new NestLogger(app.get<Logger>(LOGGER)));
  app.get<Metrics>(METRICS).buildInfo.set({ version: buildVersion(), revision: config.pod.revision }, 1);
  const context = app.get<ConnectionContext>(CONNECTION_CONTEXT);
  // Before the API reads bodies.
  prepare(app);
  app.useWebSocketAdapter(new BatonWsAdapter(configureApi(app), app.get(OpenConnections), context));
  return app;
}

/** Each try has the command's own deadline. */
async function storageAnswers(app: ExpressApplication): Promise<void> {
  const storage = app.get<StorageHealth>(STORAGE_HEALTH);
  const logger = app.get<Logger>(LOGGER);
  const clock = app.get<Clock>(CLOCK);
  for (let failures = 0; ; failures += 1) {
    try {
      await storage.ask();
      return;
    } catch (error) {
      if (failures === 0) logger.warn('startup.waiting-for-redis', { error });
      await new Promise<void>((resolve) => clock.after(50 + backoffMs(failures, 50, 1_000), resolve));
    }
  }
}
