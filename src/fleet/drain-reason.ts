import type { PodRow } from './fleet.js';

/** `scale-in` stands for everything that isn't a rollout: eviction, node drain, a pod deleted by hand. */
export type DrainReason = 'rollout' | 'scale-in';

/**
 * The revision whose newest pod started last. Not "the highest": a rollback brings an old revision's hash back, with new
 * pods. Draining pods don't count: what is going away isn't what is coming. Null without such pods.
 */
export function newestRevision(rows: readonly PodRow[]): string | null {
  let newest: PodRow | null = null;
  for (const row of rows) {
    if (row.state !== 'draining' && row.startedAtMs > (newest?.startedAtMs ?? -1)) newest = row;
  }
  return newest?.revision ?? null;
}

/** Redis time at which the last pod of the revision became ready; 0 if none is. */
export function lastReadyMs(rows: readonly PodRow[], revision: string): number {
  return Math.max(0, ...rows.flatMap((row) => (row.revision === revision ? (row.readySinceMs ?? 0) : 0)));
}

/**
 * Why this pod is asked to go. It is a rollout while a revision with a newer pod than this one still gains pods, that is,
 * had one become ready (or start) less than `stallMs` ago. A canary and a stuck rollout are newer for hours: without this
 * every scale-in beside them would hold its clients for nothing, and a node drain until SIGKILL.
 */
export function drainReason(self: PodRow, peers: readonly PodRow[], nowMs: number, stallMs: number): DrainReason {
  const newest = newestRevision(peers);
  if (newest === null) return 'scale-in';
  const pods = peers.filter((row) => row.revision === newest && row.state !== 'draining');
  const isNewer = pods.some((row) => row.startedAtMs > self.startedAtMs);
  const gains = pods.some((row) => nowMs - (row.readySinceMs ?? row.startedAtMs) < stallMs);
  return newest !== self.revision && isNewer && gains ? 'rollout' : 'scale-in';
}
