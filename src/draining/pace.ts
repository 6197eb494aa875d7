/** Hand-overs that may start: one bucket for all draining pods. */
export interface PaceBucket {
  /**
   * How many of `wanted` may start now, when all draining pods together start at most `perSecond`. Rejects with BatonError
   * `unavailable` when Redis is away; never repeated.
   */
  take(wanted: number, perSecond: number): Promise<number>;
}

export const PACE_BUCKET = Symbol('PaceBucket');

/** The bucket holds what comes in within two ticks of a drainer; more would arrive at the receivers as one. */
export const BURST_SECONDS = 0.2;

/** The part of the hand-over's time in which everybody is asked once; the rest is for those who have to be asked again. */
const ASKED_WITHIN = 0.25;
/** A pod asks at least this many a second: a small one needn't take the whole time, and this is no load for anybody. */
const LEAST_PER_SECOND = 20;

/** Clients to ask per second: clients left by time left. */
export function askPerSecond(left: number, sinceReleaseMs: number, handOverMs: number): number {
  const timeLeftMs = Math.max(250, handOverMs * ASKED_WITHIN - sinceReleaseMs);
  return Math.max(LEAST_PER_SECOND, (left * 1000) / timeLeftMs);
}

/** Turns a rate into whole clients a tick: what a tick leaves over, fractions too, is kept for the next, up to a second's worth. */
export class PaceCredit {
  private credit = 0;

  earn(perSecond: number, elapsedMs: number): number {
    this.credit = Math.min(Math.max(1, perSecond), this.credit + (perSecond * elapsedMs) / 1000);
    return Math.floor(this.credit);
  }
  spend(count: number): void {
    this.credit = Math.max(0, this.credit - count);
  }
}
