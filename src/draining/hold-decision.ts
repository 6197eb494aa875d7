import type { DrainConfig } from '../config/config.js';
import { lastReadyMs, newestRevision, type DrainReason } from '../fleet/drain-reason.js';
import type { PodRow } from '../fleet/fleet.js';

/**
 * One beat with its jitter: until then pods that were told to go at the same moment, and a new revision whose first pod
 * is just starting, may not be in `peers`. A client sent to one of the former moves again.
 */
export const FLEET_SEEN_MS = 2_500;

export interface HoldView {
  readonly reason: DrainReason;
  /** This pod, draining. */
  readonly self: PodRow;
  readonly peers: readonly PodRow[];
  /** Those of `peers` that take clients. */
  readonly receivers: readonly PodRow[];
  /** Redis can't be reached: `peers` is old, and no session could be claimed elsewhere. */
  readonly redisAway: boolean;
  /** Redis time now, and of the beginning of the drain. */
  readonly nowMs: number;
  readonly beganAtMs: number;
  /** Pods that the workload is to have; null: unknown. */
  readonly wanted: number | null;
  /** ms since SIGTERM by this pod's own clock. */
  readonly elapsedMs: number;
}

export type HoldDecision =
  | { readonly hold: true; readonly why: 'redis-away' | 'no-receiver' | 'looking-round' | 'rollout-under-way' }
  | { readonly hold: false; readonly why: 'no-rollout' | 'budget-spent' | 'rollout-complete' | 'rollout-stalled' };

/**
 * Whether clients stay for now. Whoever moves before the newest revision is complete lands on an old pod, or crowds the
 * new ones, and moves again. Without a receiver there is nowhere to go: the last pod keeps its clients to the deadline.
 */
export function holdDecision(view: HoldView, limits: Pick<DrainConfig, 'holdMs' | 'holdStallMs'>): HoldDecision {
  if (view.redisAway) return { hold: true, why: 'redis-away' };
  if (view.receivers.length === 0) return { hold: true, why: 'no-receiver' };
  if (view.elapsedMs >= limits.holdMs) return { hold: false, why: 'budget-spent' };
  if (view.reason === 'scale-in')
    return view.elapsedMs < FLEET_SEEN_MS ? { hold: true, why: 'looking-round' } : { hold: false, why: 'no-rollout' };
  const newest = newestRevision(view.peers);
  if (newest !== null && isComplete(view, newest)) return { hold: false, why: 'rollout-complete' };
  const progressMs = Math.max(view.beganAtMs, newest === null ? 0 : lastReadyMs(view.peers, newest));
  if (view.nowMs - progressMs >= limits.holdStallMs) return { hold: false, why: 'rollout-stalled' };
  return { hold: true, why: 'rollout-under-way' };
}

/**
 * All that isn't of the newest revision is on its way out, and the newest has as many receivers as our revision has pods
 * on their way out, or as are wanted if those are fewer: a workload that is scaled in half-way. (Counting all of ours would
 * never end after a rollback, when ours is the newest too.)
 */
function isComplete({ self, peers, receivers, beganAtMs, wanted }: HoldView, newest: string): boolean {
  // A new pod that is too busy to beat is missing for a while, and what is left isn't a rollout's end: it has to be newer
  // than this pod, or, where a rollback brings this pod's own revision back, than its drain.
  const afterMs = newest === self.revision ? beganAtMs : self.startedAtMs;
  const hasCome = receivers.some((row) => row.revision === newest && row.startedAtMs > afterMs);
  const leftBehind = peers.some((row) => row.revision !== newest && row.state === 'serving');
  const leaving = 1 + peers.filter((row) => row.revision === self.revision && row.state === 'draining').length;
  const enough = Math.min(leaving, wanted ?? Infinity);
  return hasCome && !leftBehind && receivers.filter((row) => row.revision === newest).length >= enough;
}
