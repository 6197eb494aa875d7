import { freePort } from './free-port.js';
import { startRedisProcess } from './redis-process.js';
import { makeTemporaryDirectory } from './temporary-directory.js';

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** `undefined` for the server that BATON_REDIS_URL names: it is not ours to end. */
  readonly pid: number | undefined;
  /** Ends the server and removes its directory; for a server that is not ours, nothing. */
  stop(): Promise<void>;
  /** SIGKILL, as if its machine died. Throws for a server that is not ours. */
  kill(): Promise<void>;
}

export interface RedisServerOptions {
  /** For a server that comes back where another was; by default a free one. */
  readonly port?: number;
  /** More of the server's own arguments, such as `['--appendonly', 'yes']`. */
  readonly args?: readonly string[];
  /** Start a server even if BATON_REDIS_URL names one: for tests that kill or reconfigure it. */
  readonly alwaysOwn?: boolean;
}

/** A real Redis on the loopback interface, without persistence, or the one that BATON_REDIS_URL names. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const existing = process.env['BATON_REDIS_URL'] ?? '';
  if (existing !== '' && options.alwaysOwn !== true) return borrowed(existing);
  const attempts = options.port === undefined ? 5 : 1;
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const started = await start(port, options.args ?? []);
    if (!('refusal' in started)) return started;
    // Between asking for a free port and taking it, another test may have taken it.
    if (attempt >= attempts || !started.refusal.includes('in use')) {
      throw new Error(`Redis did not start on port ${port}: ${started.refusal}`);
    }
  }
}

function borrowed(url: string): RedisServer {
  return {
    url,
    port: Number(new URL(url).port || 6379),
    pid: undefined,
    stop: () => Promise.resolve(),
    kill: () => Promise.reject(new Error('this Redis belongs to BATON_REDIS_URL: start one with alwaysOwn to kill it')),
  };
}

async function start(port: number, more: readonly string[]): Promise<RedisServer | { readonly refusal: string }> {
  const directory = await makeTemporaryDirectory('redis');
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory.path];
  const memoryOnly = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];
  const started = await startRedisProcess([...place, ...memoryOnly, ...more]);
  if ('refusal' in started) {
    await directory.remove();
    return started;
  }
  const endBy = async (signal: NodeJS.Signals) => {
    await started.end(signal);
    await directory.remove();
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: started.pid,
    stop: () => endBy('SIGTERM'),
    kill: () => endBy('SIGKILL'),
  };
}
