import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { killWithThisProcess } from './kill-with-this-process.js';
import { findRedisServer } from './redis-binary.mjs';

/** A server (or sentinel) that accepts connections, until it is ended or this process is. */
export interface RedisProcess {
  readonly pid: number;
  /** Sends the signal and waits for the exit, with SIGKILL after 5 s. */
  end(signal: NodeJS.Signals): Promise<void>;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

const startTimeoutMs = 10_000;

/** Resolves when it accepts connections, or with its last words. Throws when there is no Redis on this machine. */
export async function startRedisProcess(args: readonly string[]): Promise<RedisProcess | { readonly refusal: string }> {
  const program = findRedisServer();
  if (program === undefined) {
    throw new Error('there is no Redis server on this machine: `npm test` installs one, or set BATON_REDIS_URL');
  }
  const child = spawn(program, [...args], { argv0: 'redis-server', stdio: ['ignore', 'pipe', 'pipe'] });
  const refusal = await readiness(child);
  if (refusal !== undefined || child.pid === undefined) {
    await end(child, 'SIGKILL');
    return { refusal: refusal ?? 'it has no process id' };
  }
  const forget = killWithThisProcess(child.pid);
  return {
    pid: child.pid,
    end: (signal) => {
      forget();
      return end(child, signal);
    },
  };
}

/** Settles when the server accepts connections, with `undefined`, or with its last words. */
async function readiness(child: Child): Promise<string | undefined> {
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
        if (line.includes('eady to accept connections') || line.includes('Sentinel ID is')) settle(undefined);
      });
    }
  });
}

async function end(child: Child, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const stubborn = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(stubborn);
}
