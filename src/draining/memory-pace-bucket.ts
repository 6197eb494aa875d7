import type { Clock } from '../lib/clock.js';
import { BURST_SECONDS, type PaceBucket } from './pace.js';

/** The twin without Redis: drainers that are given the same bucket share it. */
export class MemoryPaceBucket implements PaceBucket {
  private tokens = Infinity;
  private atMs: number;

  constructor(private readonly clock: Clock) {
    this.atMs = clock.monotonic();
  }

  async take(wanted: number, perSecond: number): Promise<number> {
    const now = this.clock.monotonic();
    const burst = Math.max(1, perSecond * BURST_SECONDS);
    this.tokens = Math.min(burst, this.tokens + ((now - this.atMs) * perSecond) / 1000);
    this.atMs = now;
    const granted = Math.min(wanted, Math.floor(this.tokens));
    this.tokens -= granted;
    return granted;
  }
}
