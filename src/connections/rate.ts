/** `wait`: not taken, and nothing of the kind will be before `retryAfterMs`. `ignored`: told so again and again. */
export type RateVerdict =
  { readonly kind: 'take' } | { readonly kind: 'wait'; readonly retryAfterMs: number } | { readonly kind: 'ignored' };

const TAKE: RateVerdict = { kind: 'take' };
const IGNORED: RateVerdict = { kind: 'ignored' };

const BURST_SECONDS = 2;
/** Whoever still sends this much in the second half of a wait hasn't listened. What was on its way arrives in the first. */
const LATE_AT_LEAST = 16;
/** Waits in a row in which somebody hasn't listened. */
const PATIENCE = 4;

/**
 * Whose frames these are. `one`: who is told to wait can be expected to. `many`: each hears it alone, so that those who
 * haven't yet go on in every wait, and nobody has ignored anything.
 */
export type RateOf = 'one' | 'many';

/**
 * What one connection, or one pod, may do: so much a second, and two seconds' worth at once.
 * A token bucket that, once empty, takes nothing until it is half full: so whoever obeys can send for a second then, and
 * what was sent in order isn't taken in pieces. Whoever hasn't listened waits the next time until it is full, two seconds:
 * over a line with a round trip of more than half a second, it was only on its way, and arrives in the first half then.
 * Time comes from the caller, in ms that never go back.
 */
export class Rate {
  private tokens: number;
  private closedFromMs = 0;
  private closedUntilMs = 0;
  private late = 0;
  private ignoredWaits = 0;

  constructor(
    private readonly perSecond: number,
    private atMs: number,
    private readonly of: RateOf = 'one',
  ) {
    this.tokens = perSecond * BURST_SECONDS;
  }

  take(cost: number, nowMs: number): RateVerdict {
    if (nowMs < this.closedUntilMs) return this.refuse(nowMs);
    const full = this.perSecond * BURST_SECONDS;
    this.tokens = Math.min(full, this.tokens + ((nowMs - this.atMs) * this.perSecond) / 1_000);
    this.atMs = nowMs;
    if (this.tokens >= Math.min(cost, full)) {
      this.tokens -= cost;
      return TAKE;
    }
    this.close(nowMs);
    return this.refuse(nowMs);
  }

  private close(nowMs: number): void {
    const waitMs = this.closedUntilMs - this.closedFromMs;
    const inARow = this.late >= LATE_AT_LEAST && nowMs - this.closedUntilMs < waitMs;
    if (!inARow) this.ignoredWaits = 0;
    this.late = 0;
    const untilTokens = this.perSecond * (inARow ? BURST_SECONDS : BURST_SECONDS / 2);
    this.closedFromMs = nowMs;
    this.closedUntilMs = nowMs + ((untilTokens - this.tokens) * 1_000) / this.perSecond;
  }

  private refuse(nowMs: number): RateVerdict {
    if (this.of === 'one' && nowMs >= (this.closedFromMs + this.closedUntilMs) / 2) {
      this.late += 1;
      if (this.late === LATE_AT_LEAST) this.ignoredWaits += 1;
      if (this.ignoredWaits >= PATIENCE) return IGNORED;
    }
    return { kind: 'wait', retryAfterMs: Math.ceil(this.closedUntilMs - nowMs) };
  }
}
