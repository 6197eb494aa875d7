import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A line of a pod's log. */
export type LogEntry = Readonly<Record<string, unknown>>;

/** Copies pods' logs into files while they run: a log goes with its pod, and the old pods' are the ones to read. */
export class PodLogs {
  private readonly followers = new Map<string, ChildProcess>();

  /** @param directory made if it is missing; one `<pod>.log` each */
  constructor(
    private readonly namespace: string,
    private readonly directory: string,
  ) {
    mkdirSync(directory, { recursive: true });
  }

  follow(pod: string): void {
    const file = openSync(this.fileOf(pod), 'w');
    const args = ['--namespace', this.namespace, 'logs', '--follow', '--timestamps', pod];
    this.followers.set(pod, spawn('kubectl', args, { stdio: ['ignore', file, file] }));
    closeSync(file);
  }

  /** What a pod has logged until now; lines that aren't JSON, and the last if it is half written, are left out. */
  entries(pod: string): readonly LogEntry[] {
    if (!this.followers.has(pod)) return [];
    const lines = readFileSync(this.fileOf(pod), 'utf8').split('\n').slice(0, -1);
    return lines.flatMap((line) => {
      const json = /^\S+ (\{.*\})$/.exec(line)?.[1];
      return json === undefined ? [] : [JSON.parse(json) as LogEntry];
    });
  }

  /** The last lines of each pod's log, cut where they are too long to be read in a terminal. */
  tails(lines: number): readonly { readonly pod: string; readonly text: string }[] {
    return [...this.followers.keys()].map((pod) => {
      const all = readFileSync(this.fileOf(pod), 'utf8').trimEnd().split('\n');
      return {
        pod,
        text: all
          .slice(-lines)
          .map((line) => line.slice(0, 400))
          .join('\n'),
      };
    });
  }

  async stop(): Promise<void> {
    const running = [...this.followers.values()].filter(
      (child) => child.exitCode === null && child.signalCode === null,
    );
    await Promise.all(
      running.map(async (child) => {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }),
    );
  }

  private fileOf(pod: string): string {
    return join(this.directory, `${pod}.log`);
  }
}
