import type { LimitsConfig } from '../config/config.js';
import { BatonError } from '../lib/baton-error.js';
import type { Clock } from '../lib/clock.js';
import { Rate } from './rate.js';

/** Those who are sent away come back within this time, at random. */
const SPREAD_MS = 2_000;

/**
 * How many `hello`s this pod works on: so many a second, and so many at once while Redis is slow. Whoever has proven who
 * it is pays from one rate, and a token is verified from another: so what nobody vouches for, however much of it comes,
 * holds up none who resume or have an API key.
 */
export class HandshakeGate {
  private readonly proven: Rate;
  private readonly tokens: Rate;
  private waiting = 0;

  constructor(
    private readonly limits: Pick<LimitsConfig, 'hellosPerSecond' | 'handshakes'>,
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly random: () => number = Math.random,
  ) {
    this.proven = new Rate(limits.hellosPerSecond, clock.monotonic(), 'many');
    this.tokens = new Rate(limits.hellosPerSecond, clock.monotonic(), 'many');
  }

  /** Runs the handshake, which never rejects; or returns after how many ms the client may ask again. */
  enter(handshake: () => Promise<void>): number | null {
    if (this.waiting >= this.limits.handshakes) return 1_000 + this.spreadMs();
    this.waiting += 1;
    void handshake().finally(() => {
      this.waiting -= 1;
    });
    return null;
  }

  /** A `hello` that is who it says asks Redis. Throws BatonError `busy`. */
  payForClaim(): void {
    this.pay(this.proven);
  }

  /** A token of somebody who has proven nothing else is verified. Throws BatonError `busy`. */
  payForToken(): void {
    this.pay(this.tokens);
  }

  private pay(rate: Rate): void {
    const verdict = rate.take(1, this.clock.monotonic());
    if (verdict.kind === 'take') return;
    const waitMs = verdict.kind === 'wait' ? verdict.retryAfterMs : 1_000;
    throw new BatonError('busy', 'too many hellos', { retryAfterMs: waitMs + this.spreadMs() });
  }

  private spreadMs(): number {
    return this.random() * SPREAD_MS;
  }
}
