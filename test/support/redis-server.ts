import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { freePort } from './free-port.js';
import { killWithThisProcess } from './kill-with-this-process.js';
import { findRedisServer } from './redis-binary.mjs';
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

const startTimeoutMs = 10_000;

/** A real Redis on the loopback interface, without persistence, or the one that BATON_REDIS_URL names. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const existing = process.env['BATON_REDIS_URL'] ?? '';
  if (existing !== '' && options.alwaysOwn !== true) return borrowed(existing);
  const program = findRedisServer();
  if (program === undefined) {
    throw new Error('there is no Redis server on this machine: `npm test` installs one, or set BATON_REDIS_URL');
  }
  const attempts = options.port === undefined ? 5 : 1;
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const started = await start(program, port, options.args ?? []);
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

async function start(
  program: string,
  port: number,
  more: readonly string[],
): Promise<RedisServer | { readonly refusal: string }> {
  const directory = await makeTemporaryDirectory('redis');
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory.path];
  const memoryOnly = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];
  const child = spawn(program, [...place, ...memoryOnly, ...more], {
    argv0: 'redis-server',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const refusal = await readiness(child);
  if (refusal !== undefined || child.pid === undefined) {
    await end(child, 'SIGKILL');
    await directory.remove();
    return { refusal: refusal ?? 'it has no process id' };
  }
  const forget = killWithThisProcess(child.pid);
  const endBy = async (signal: NodeJS.Signals) => {
    forget();
    await end(child, signal);
    await directory.remove();
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: child.pid,
    stop: () => endBy('SIGTERM'),
    kill: () => endBy('SIGKILL'),
  };
}

/** Settles when the server accepts connections, with `undefined`, or with its last words. */
async function readiness(child: ChildProcessByStdio<null, Readable, Readable>): Promise<string | undefined> {
  const said: string[] = [];
  return new Promise((resolve) => {
    const settle = (refusal: string | undefined) => {
      clearTimeout(timer);
      resolve(refusal);
    };
    const timer = setTimeout(() => settle(`not ready after ${startTimeoutMs} ms; ${said.join(' | ')}`), startTimeoutMs);
    child.once('error', (error) => settle(error.message));
    child.once('close', () => settle(said.join(' | ')));
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        if (said.push(line) > 5) said.shift();
        if (line.includes('eady to accept connections')) settle(undefined);
      });
    }
  });
}

async function end(child: ChildProcessByStdio<null, Readable, Readable>, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const stubborn = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(stubborn);
}
