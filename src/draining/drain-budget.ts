import type { DrainConfig } from '../config/config.js';

const needed = (drain: DrainConfig): number =>
  drain.preStopMs + drain.holdMs + drain.handOverMs + drain.closeMs + drain.reserveMs;

/** A sentence if the drain doesn't fit into the grace period, and SIGKILL would end it; else null. */
export function drainBudgetProblem(drain: DrainConfig): string | null {
  if (needed(drain) <= drain.graceMs) return null;
  const { preStopMs, holdMs, handOverMs, closeMs, reserveMs, graceMs } = drain;
  return (
    `the drain does not fit into the grace period: preStop ${preStopMs} + hold ${holdMs} + handOver ${handOverMs} + ` +
    `close ${closeMs} + reserve ${reserveMs} = ${needed(drain)} ms, but grace is ${graceMs} ms`
  );
}

/** ms after SIGTERM at which closing begins at the latest, whatever happens. */
export const closeAtTheLatestMs = (drain: DrainConfig): number => drain.holdMs + drain.handOverMs;

/** ms after SIGTERM; `null`: it hasn't been. */
export interface HandOverTimes {
  readonly elapsedMs: number;
  readonly releasedMs: number | null;
  /** False while Redis is away or there is no receiver. */
  readonly possible: boolean;
}

/**
 * ms until closing begins. What the hold left over isn't added to the hand-over, so that one client that never moves
 * doesn't keep a pod for two minutes; unless none can move: then every client is kept for as long as the budget allows.
 */
export function untilClosingMs(drain: DrainConfig, { elapsedMs, releasedMs, possible }: HandOverTimes): number {
  const latest = closeAtTheLatestMs(drain);
  const due = releasedMs === null || !possible ? latest : Math.min(latest, releasedMs + drain.handOverMs);
  return Math.max(0, due - elapsedMs);
}
