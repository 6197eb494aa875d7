import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { killWithThisProcess } from '../test/support/kill-with-this-process.js';
import { repository } from '../test/support/stage/build-under-test.js';
import { cores, onCore } from './machine.js';

export type Protocol = 'baton' | 'socket.io' | 'bare';

/** What the load client answers a command with. */
export interface LoadResult {
  readonly count: number;
  readonly seconds: number;
  /** Of its core, 0 to 1. */
  readonly cpuShare: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly deliveries: number;
  readonly closed: number;
  readonly failed: number;
  readonly moved: number;
  readonly forced: number;
  readonly refused: number;
  readonly trouble: string;
}

const ANSWER_WITHIN_MS = 90_000;

/** Compiles the load client; says what is missing if it can't. */
export function buildLoadClient(): string {
  const sources = join(repository, 'bench/load');
  const program = join(repository, 'dist/bench-load/load-client');
  mkdirSync(join(repository, 'dist/bench-load'), { recursive: true });
  const files = readdirSync(sources).filter((name) => name.endsWith('.c'));
  const args = ['-O2', '-std=gnu11', '-o', program, ...files.map((name) => join(sources, name))];
  const { status, stderr, error } = spawnSync('gcc', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the load client needs gcc: ${error?.message ?? stderr}`);
  return program;
}

/** bench/load: one thread in C, so that it isn't what is measured. */
export class LoadClient {
  private waiting: { readonly resolve: (line: string) => void; readonly reject: (error: Error) => void } | null = null;
  private readonly forget: () => void;

  private constructor(private readonly child: ChildProcessByStdio<Writable, Readable, null>) {
    this.forget = child.pid === undefined ? () => undefined : killWithThisProcess(child.pid);
    createInterface(child.stdout).on('line', (line) => {
      this.waiting?.resolve(line);
    });
    child.once('close', (code) => {
      this.waiting?.reject(new Error(`the load client ended with ${String(code)}`));
    });
  }

  static start(program: string, protocol: Protocol, port: number, clients: number, tokens?: string): LoadClient {
    const args = [protocol, String(port), String(clients), ...(tokens === undefined ? [] : [tokens])];
    const [command, more] = onCore(cores.load, program, args);
    return new LoadClient(spawn(command, [...more], { stdio: ['pipe', 'pipe', 'inherit'] }));
  }

  async ask(command: string): Promise<LoadResult> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.waiting = { resolve, reject };
    const deadline = setTimeout(() => {
      reject(new Error(`the load client did not answer: ${command}`));
    }, ANSWER_WITHIN_MS);
    this.child.stdin.write(`${command}\n`);
    try {
      return JSON.parse(await promise) as LoadResult;
    } finally {
      clearTimeout(deadline);
      this.waiting = null;
    }
  }

  /** Throws unless all of them are there. */
  async open(count: number, window = 64): Promise<LoadResult> {
    const result = await this.ask(`open ${count} ${window}`);
    if (result.count !== count || result.refused > 0)
      throw new Error(`${result.count} of ${count} connections came about: ${JSON.stringify(result)}`);
    return result;
  }

  stop(): void {
    this.forget();
    this.child.kill('SIGKILL');
  }
}
