import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { killWithThisProcess } from '../test/support/kill-with-this-process.js';
import { repository } from '../test/support/stage/build-under-test.js';
import { cores, cpuSeconds, onCore } from './machine.js';

export interface ServerOptions {
  /** The program's file. */
  readonly main: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Null: wherever the kernel puts it. */
  readonly core?: number | null;
  /** Node's own, such as `--cpu-prof`. */
  readonly flags?: readonly string[];
}

export interface Memory {
  readonly rss: number;
  /** What JavaScript holds: the heap in use, and buffers outside of it. */
  readonly held: number;
  /** Connections of any kind, those to Redis among them. */
  readonly sockets: number;
}

interface MemoryAnswer {
  readonly memory: NodeJS.MemoryUsage;
  readonly sockets: number;
}

export type LogLine = Readonly<Record<string, unknown>>;

const ANSWER_WITHIN_MS = 60_000;

/** What is measured: one Node process on a core of its own. */
export class Server {
  private readonly forget: () => void;

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    /** Of its log, as far as it has come. */
    readonly lines: readonly LogLine[],
  ) {
    this.forget = killWithThisProcess(this.pid);
  }

  static async start({ main, environment, core = cores.server, flags = [] }: ServerOptions): Promise<Server> {
    const probe = join(repository, 'bench/probe.mjs');
    const args = ['--expose-gc', '--import', probe, ...flags, main];
    const [program, all] = core === null ? [process.execPath, args] : onCore(core, process.execPath, args);
    const child = spawn(program, [...all], {
      env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...environment },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const lines: LogLine[] = [];
    const listening = new Promise<number>((resolve, reject) => {
      if (child.stdout === null) return;
      createInterface(child.stdout).on('line', (text) => {
        if (!text.startsWith('{')) return;
        const line = JSON.parse(text) as LogLine;
        lines.push(line);
        if (line['event'] === 'server.listening') resolve(Number(line['port']));
      });
      child.once('exit', (code) => {
        reject(new Error(`${main} ended with ${String(code)}: ${JSON.stringify(lines.slice(-3))}`));
      });
    });
    return new Server(child, await listening, lines);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }
  get cpuSeconds(): number {
    return cpuSeconds(this.pid);
  }

  /** After a collection of garbage. */
  async memory(): Promise<Memory> {
    const { memory, sockets } = (await this.ask('memory')) as MemoryAnswer;
    return { rss: memory.rss, held: memory.heapUsed + memory.external, sockets };
  }

  /** One question to the program; its next message is the answer. */
  async ask(question: string | object): Promise<unknown> {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const answer = once(this.child, 'message', { signal });
    this.child.send(question);
    const [message] = (await answer) as [unknown];
    return message;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }
  async exited(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }

  /** `gently`: so that profiles are written. */
  async stop(gently = false): Promise<void> {
    this.forget();
    this.child.kill(gently ? 'SIGTERM' : 'SIGKILL');
    await this.exited();
  }
}
