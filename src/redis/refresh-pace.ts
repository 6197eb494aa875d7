import { backoffMs } from '../lib/backoff.js';
import type { Clock, Timer } from '../lib/clock.js';

const PACE = { leastMs: 100, baseMs: 100, maxMs: 1_000 } as const;
/** Whatever wasn't told is found by then. */
const PERIOD_MS = 5_000;

/**
 * When the cluster is asked who has what: soon after any sign of a change, once for all signs of that time, then slower
 * while it isn't settled; otherwise now and then. Slots that move one by one under load are so asked for 10 times a second
 * at most.
 */
export class RefreshPace {
  private timer: Timer | null = null;
  private running: Promise<void> | null = null;
  private wanted = false;
  private repeats = 0;
  private closed = false;

  /** `refresh` resolves to whether everything is settled. It must not reject. */
  constructor(
    private readonly refresh: () => Promise<boolean>,
    private readonly clock: Clock,
  ) {}

  /** Something has changed. */
  soon(): void {
    this.repeats = 0;
    if (this.wanted) return;
    this.wanted = true;
    if (!this.running) this.after(PACE.leastMs);
  }

  now(): Promise<void> {
    this.running ??= this.run();
    return this.running;
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  private async run(): Promise<void> {
    this.timer?.cancel();
    this.wanted = false;
    const settled = await this.refresh();
    this.running = null;
    if (this.isWanted()) this.after(PACE.leastMs);
    else if (settled) this.after(PERIOD_MS);
    else {
      this.after(PACE.leastMs + backoffMs(this.repeats, PACE.baseMs, PACE.maxMs));
      this.repeats += 1;
    }
  }

  /** Somebody may have asked for another while this one ran. */
  private isWanted(): boolean {
    return this.wanted;
  }

  private after(delayMs: number): void {
    this.timer?.cancel();
    if (!this.closed) this.timer = this.clock.after(delayMs, () => void this.now());
  }
}
