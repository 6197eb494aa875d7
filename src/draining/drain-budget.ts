import type { DrainConfig } from '../config/config.js';
import { FLEET_SEEN_MS } from './hold-decision.js';

/**
 * ms after SIGTERM at which closing begins at the latest, whatever happens. That it fits into the grace period is checked
 * with the configuration.
 */
export const closeAtTheLatestMs = (drain: DrainConfig): number => drain.holdMs + drain.handOverMs;

/**
 * The same drain in the grace period that was really granted; null: in the configured one. A longer one lengthens the hold,
 * which ends by itself when it isn't needed. A shorter one takes first what was left free, then from the hold, but for a
 * look round; and then the same part of everything, so that even a drain of seconds ends before SIGKILL and says so.
 */
export function fittedTo(drain: DrainConfig, graceMs: number | null): DrainConfig {
  if (graceMs === null || graceMs === drain.graceMs) return drain;
  if (graceMs > drain.graceMs) return { ...drain, graceMs, holdMs: drain.holdMs + graceMs - drain.graceMs };
  const leftMs = Math.max(0, graceMs - drain.preStopMs);
  const lookMs = Math.min(drain.holdMs, FLEET_SEEN_MS);
  const leastMs = lookMs + drain.handOverMs + drain.closeMs + drain.reserveMs;
  const part = (ms: number): number => Math.floor(ms * Math.min(1, leftMs / leastMs));
  return {
    ...drain,
    graceMs,
    holdMs: Math.min(drain.holdMs, part(lookMs) + Math.max(0, leftMs - leastMs)),
    handOverMs: part(drain.handOverMs),
    closeMs: part(drain.closeMs),
    reserveMs: part(drain.reserveMs),
  };
}

/** ms after SIGTERM; `null`: it hasn't been. */
export interface HandOverTimes {
  readonly elapsedMs: number;
  readonly releasedMs: number | null;
  /** Of the time since then, how much no hand-over was possible. */
  readonly waitedMs: number;
  /** False while Redis is away or there is no receiver. */
  readonly possible: boolean;
}

/**
 * ms until closing begins. What the hold left over isn't added to the hand-over, so that one client that never moves
 * doesn't keep a pod for two minutes; unless none can move: then every client is kept for as long as the budget allows, and
 * the time for the hand-over doesn't run.
 */
export function untilClosingMs(
  drain: DrainConfig,
  { elapsedMs, releasedMs, waitedMs, possible }: HandOverTimes,
): number {
  const latest = closeAtTheLatestMs(drain);
  const due = releasedMs === null || !possible ? latest : Math.min(latest, releasedMs + waitedMs + drain.handOverMs);
  return Math.max(0, due - elapsedMs);
}
