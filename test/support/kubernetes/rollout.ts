import { eventually } from '../eventually.js';
import type { TestNamespace } from './namespace.js';
import type { PodHistory } from './pod-history.js';
import type { PodWatch } from './pod-watch.js';

export interface Rollout {
  /** The pods that were there before, all of them gone now. */
  readonly before: readonly PodHistory[];
  /** The pods that took over. */
  readonly after: readonly PodHistory[];
  /** When the command was given, on this process's monotonic clock. */
  readonly startedMs: number;
  /** From then until the last of the old pods was gone. */
  readonly tookMs: number;
}

/** `kubectl rollout restart`, then waits until the Deployment is rolled out and every pod of before is gone. */
export async function restart(
  namespace: TestNamespace,
  deployment: string,
  watch: PodWatch,
  withinMs: number,
): Promise<Rollout> {
  const { length } =
    (await namespace.kubectl(['get', 'pods', `--selector=${watch.selector}`, '--output=name'])).match(/\n/g) ?? [];
  await eventually('the watch to show every pod', () => alive(watch).length === length);
  const startedMs = performance.now();
  const old = new Set(alive(watch).map(({ name }) => name));
  await namespace.kubectl(['rollout', 'restart', `deployment/${deployment}`]);
  const timeout = `--timeout=${Math.round(withinMs / 1000)}s`;
  await namespace.kubectl(['rollout', 'status', `deployment/${deployment}`, timeout], { deadlineMs: withinMs + 5000 });
  const stillThere = () => alive(watch).filter(({ name }) => old.has(name));
  await eventually(
    () =>
      `the old pods to be gone; still there: ${stillThere()
        .map(({ name }) => name)
        .join(', ')}`,
    () => stillThere().length === 0,
    { withinMs, everyMs: 100 },
  );
  return {
    before: watch.pods().filter(({ name }) => old.has(name)),
    after: alive(watch),
    startedMs,
    tookMs: performance.now() - startedMs,
  };
}

function alive(watch: PodWatch): readonly PodHistory[] {
  return watch.pods().filter(({ goneAtMs }) => goneAtMs === undefined);
}

/** One line a pod: when it was ready, told to end and gone, in seconds since `zeroMs`, and how it ended. */
export function describePods(pods: readonly PodHistory[], zeroMs: number): string {
  const at = (ms: number | undefined) => (ms === undefined ? '-' : `${((ms - zeroMs) / 1000).toFixed(1)} s`);
  const lines = pods.map(
    (pod) =>
      `${pod.name}: ready ${at(pod.readyAtMs)}, SIGTERM ${at(pod.terminatingAtMs)}, gone ${at(pod.goneAtMs)}, ` +
      `exit ${pod.exitCode ?? '-'} ${pod.exitReason ?? ''}, ${pod.restarts} restart(s)`,
  );
  return lines.join('\n');
}
