import type { LimitsConfig } from '../config/config.js';
import type { Clock } from '../lib/clock.js';
import { Rate } from './rate.js';

/** Those who are sent away come back within this time, at random. */
const SPREAD_MS = 2_000;

/** How many `hello`s this pod works on: so many a second, and so many at once while Redis is slow. */
export class HandshakeGate {
  private readonly rate: Rate;
  private waiting = 0;

  constructor(
    private readonly limits: Pick<LimitsConfig, 'hellosPerSecond' | 'handshakes'>,
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly random: () => number = Math.random,
  ) {
    this.rate = new Rate(limits.hellosPerSecond, clock.monotonic());
  }

  /** Runs the handshake, which never rejects; or returns after how many ms the client may ask again. */
  enter(handshake: () => Promise<void>): number | null {
    const spreadMs = this.random() * SPREAD_MS;
    if (this.waiting >= this.limits.handshakes) return 1_000 + spreadMs;
    const verdict = this.rate.take(1, this.clock.monotonic());
    if (verdict.kind === 'wait') return verdict.retryAfterMs + spreadMs;
    // Nobody in particular has ignored it: these are different clients.
    if (verdict.kind === 'ignored') return 1_000 + spreadMs;
    this.waiting += 1;
    void handshake().finally(() => {
      this.waiting -= 1;
    });
    return null;
  }
}
