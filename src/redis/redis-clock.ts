import type { Clock } from '../lib/clock.js';

/**
 * An estimate of Redis' own clock: its last known value, carried on by the local monotonic clock. Never ahead of Redis by
 * more than the drift since then, so that what a paused pod left behind is seen to be old.
 */
export class RedisClock {
  private offsetMs: number | null = null;

  constructor(private readonly clock: Clock) {}

  /** Before Redis was ever reached: the local wall clock. */
  timeMs(): number {
    return this.offsetMs === null ? this.clock.now() : Math.round(this.clock.monotonic() + this.offsetMs);
  }

  observe(timeMs: number): void {
    if (Number.isFinite(timeMs)) this.offsetMs = timeMs - this.clock.monotonic();
  }
}

/** The reply of TIME, [seconds, microseconds], in ms. */
export function millisecondsOf(reply: unknown): number {
  if (!Array.isArray(reply)) return Number.NaN;
  const [seconds, microseconds] = reply as readonly unknown[];
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}
