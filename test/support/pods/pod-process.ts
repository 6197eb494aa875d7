import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { get } from 'node:http';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { killWithThisProcess } from '../kill-with-this-process.js';

export interface PodOptions {
  readonly name: string;
  readonly revision: string;
  /** The program: dist/src/main.js, or that of another build. */
  readonly main: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Where its log is kept: JSON lines. */
  readonly logFile: string;
  /** What the program is started with instead of this process's Node: `unshare ...` for instance. */
  readonly command?: readonly string[];
}

export interface PodExit {
  /** null: ended by a signal. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface PodPorts {
  readonly port: number;
  readonly healthPort: number;
}

export type PodLogLine = Readonly<Record<string, unknown>> & { readonly event: string };

const startTimeoutMs = 20_000;
const keptLines = 2_000;

/** One pod as a process of this machine. It ends with this process at the latest. */
export class PodProcess {
  readonly name: string;
  readonly revision: string;
  readonly exited: Promise<PodExit>;
  /** Settles when it listens; rejects with the end of its log if it has ended before, or takes longer than 20 s. */
  readonly listening: Promise<PodPorts>;
  private readonly lines: PodLogLine[] = [];
  private readonly listeners = new Set<(line: PodLogLine) => void>();
  private readonly words: string[] = [];

  private constructor(
    options: PodOptions,
    private readonly child: ChildProcessByStdio<null, Readable, Readable>,
  ) {
    this.name = options.name;
    this.revision = options.revision;
    this.exited = this.watchExit();
    this.keepLog(options.logFile);
    this.listening = this.watchStart();
    // Whoever waits for it gets the rejection; a pod that nobody waits for may fail to start.
    this.listening.catch(() => undefined);
  }

  static start(options: PodOptions): PodProcess {
    const [program = process.execPath, ...before] = options.command ?? [process.execPath];
    const child = spawn(program, [...before, '--enable-source-maps', options.main], {
      env: { PATH: process.env['PATH'] ?? '', ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new PodProcess(options, child);
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.name} could not be started`);
    return this.child.pid;
  }
  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** What a kubelet does: SIGTERM, and SIGKILL after the grace. */
  async terminate(graceMs: number): Promise<PodExit> {
    this.signal('SIGTERM');
    const outOfGrace = setTimeout(() => {
      this.signal('SIGKILL');
    }, graceMs);
    const exit = await this.exited;
    clearTimeout(outOfGrace);
    return exit;
  }

  /** SIGKILL, as if the node had died. */
  async kill(): Promise<PodExit> {
    this.signal('SIGKILL');
    return this.exited;
  }

  /** Lines of its log with this event, oldest first (of the last 2,000). */
  logged(event: string): readonly PodLogLine[] {
    return this.lines.filter((line) => line.event === event);
  }

  /** The end of what it said, for failure messages. */
  tail(lines = 8): string {
    const cut = (text: string) => (text.length > 400 ? `${text.slice(0, 400)} ...` : text);
    return this.words.slice(-lines).map(cut).join('\n');
  }

  private async watchExit(): Promise<PodExit> {
    const forget = this.child.pid === undefined ? () => undefined : killWithThisProcess(this.child.pid);
    const [code, signal] = (await once(this.child, 'exit')) as [number | null, NodeJS.Signals | null];
    forget();
    return { code, signal };
  }

  private keepLog(file: string): void {
    const log = createWriteStream(file);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      createInterface(stream).on('line', (text) => {
        log.write(`${text}\n`);
        if (this.words.push(text) > keptLines) this.words.shift();
        const line = parsed(text);
        if (line === undefined) return;
        if (this.lines.push(line) > keptLines) this.lines.shift();
        for (const listener of this.listeners) listener(line);
      });
    }
    this.child.once('close', () => log.end());
  }

  private watchStart(): Promise<PodPorts> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        reject(new Error(`${this.name} ${why}:\n${this.tail()}`));
      };
      const timer = setTimeout(() => {
        fail(`did not listen within ${startTimeoutMs} ms`);
      }, startTimeoutMs);
      const settle = () => {
        clearTimeout(timer);
        this.listeners.delete(listener);
      };
      const listener = (line: PodLogLine) => {
        if (line.event !== 'server.listening') return;
        settle();
        resolve({ port: Number(line['port']), healthPort: Number(line['healthPort']) });
      };
      this.listeners.add(listener);
      void this.exited.then(({ code, signal }) => {
        settle();
        fail(`ended (${signal ?? String(code)}) before it listened`);
      });
    });
  }
}

function parsed(text: string): PodLogLine | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as PodLogLine;
  } catch {
    return undefined;
  }
}

/** The status of `GET http://127.0.0.1:<port><path>`; 0 if there is no answer within a second. */
export function probe(port: number, path: string): Promise<number> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, timeout: 1000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => {
      resolve(0);
    });
  });
}
