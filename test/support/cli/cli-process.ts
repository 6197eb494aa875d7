import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { eventually } from '../eventually.js';
import { killWithThisProcess } from '../kill-with-this-process.js';
import { repository } from '../stage/build-under-test.js';

const cli = join(repository, 'dist/src/cli.js');

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
}

/** One command of the built CLI as a process of this machine. It ends with this process at the latest. */
export class CliProcess {
  out = '';
  err = '';
  readonly exited: Promise<number | null>;

  private constructor(private readonly child: ChildProcessByStdio<null, Readable, Readable>) {
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.err += text));
    const release = killWithThisProcess(child.pid ?? 0);
    this.exited = once(child, 'close').then(([code]) => {
      release();
      return code as number | null;
    });
  }

  static start(args: readonly string[], { env = {}, nodeArgs = [] }: CliOptions = {}): CliProcess {
    return new CliProcess(
      spawn(process.execPath, [...nodeArgs, cli, ...args], {
        env: { PATH: process.env['PATH'] ?? '', TMPDIR: process.env['TMPDIR'] ?? '/tmp', ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  /** The lines that are there, once there are as many. */
  lines(atLeast: number): Promise<readonly string[]> {
    return eventually(
      () => `${atLeast} lines; printed: ${this.out}${this.err}`,
      () => {
        const lines = this.out.split('\n').slice(0, -1);
        return lines.length >= atLeast ? lines : null;
      },
      { withinMs: 15_000 },
    );
  }

  /** As Ctrl-C does. Resolves with the exit code, null if it was killed. */
  interrupt(): Promise<number | null> {
    this.child.kill('SIGINT');
    return this.exited;
  }

  /** Whoever reads its output has seen enough. */
  stopReading(): void {
    this.child.stdout.destroy();
  }
}
