import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterEvent, type PodEvent, type PodHistory } from './pod-history.js';

/**
 * Follows a namespace's pods from the API server's watch, because an ended pod's exit code can be read for less than a
 * second before the pod is gone.
 */
export class PodWatch {
  private readonly histories = new Map<string, PodHistory>();
  private readonly child: ChildProcessByStdio<null, Readable, Readable>;
  private stderr = '';
  private stopping = false;

  /** @param onStarted called once for each pod whose container has started */
  constructor(
    namespace: string,
    readonly selector: string,
    private readonly onStarted: (pod: PodHistory) => void = () => undefined,
  ) {
    const query = `watch=1&labelSelector=${encodeURIComponent(selector)}`;
    this.child = spawn('kubectl', ['get', '--raw', `/api/v1/namespaces/${namespace}/pods?${query}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    createInterface(this.child.stdout).on('line', (line) => {
      this.take(JSON.parse(line) as PodEvent);
    });
  }

  /** Every pod seen so far, those that are gone too, the oldest first. @throws Error if the watch has ended by itself */
  pods(): readonly PodHistory[] {
    if (this.child.exitCode !== null && !this.stopping) {
      throw new Error(`the watch of pods ended with ${this.child.exitCode}: ${this.stderr}`);
    }
    return [...this.histories.values()];
  }

  async stop(): Promise<void> {
    this.stopping = true;
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  private take(event: PodEvent): void {
    if (event.type === 'BOOKMARK' || event.type === 'ERROR') return;
    const { uid } = event.object.metadata;
    const before = this.histories.get(uid);
    const now = afterEvent(before, event, performance.now());
    this.histories.set(uid, now);
    if (before?.startedAtMs === undefined && now.startedAtMs !== undefined) this.onStarted(now);
  }
}
