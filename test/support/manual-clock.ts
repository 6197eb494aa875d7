import type { Clock, Timer } from '../../src/lib/clock.js';
import { eventually } from './eventually.js';

interface Pending {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Time that passes only when a test says so. Wall clock and monotonic clock move together. */
export class ManualClock implements Clock {
  private passedMs = 0;
  /** By the time they are due; those of the same time in the order in which they were set. */
  private readonly pending: Pending[] = [];

  constructor(private readonly startMs = 1_700_000_000_000) {}

  now(): number {
    return this.startMs + Math.floor(this.passedMs);
  }
  monotonic(): number {
    return this.passedMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const timer: Pending = { dueMs: this.passedMs + Math.max(0, delayMs), run };
    this.pending.splice(this.placeOf(timer.dueMs), 0, timer);
    return {
      cancel: () => {
        const index = this.pending.indexOf(timer);
        if (index >= 0) this.pending.splice(index, 1);
      },
    };
  }

  every(periodMs: number, run: () => void): Timer {
    let cancelled = false;
    let next: Timer;
    const again = () => {
      run();
      if (!cancelled) next = this.after(periodMs, again);
    };
    next = this.after(periodMs, again);
    return {
      cancel: () => {
        cancelled = true;
        next.cancel();
      },
    };
  }

  /** Timers that are set and not cancelled: what an object that has ended must not leave behind. */
  get timers(): number {
    return this.pending.length;
  }

  /** The process doesn't run for this long: what comes due meanwhile runs late. */
  pause(forMs: number): void {
    this.passedMs += forMs;
  }

  /** Runs every timer that comes due within this time, each at its own time; promises settle afterwards. */
  advance(byMs: number): void {
    const untilMs = this.passedMs + byMs;
    for (let next = this.pending[0]; next !== undefined && next.dueMs <= untilMs; next = this.pending[0]) {
      this.pending.shift();
      this.passedMs = Math.max(this.passedMs, next.dueMs);
      next.run();
    }
    this.passedMs = untilMs;
  }

  /** Advances in steps and lets promises settle in between: for code that awaits between its timers. */
  async run(forMs: number, stepMs = 10): Promise<void> {
    await settle();
    for (let left = forMs; left > 0; left -= stepMs) {
      this.advance(Math.min(stepMs, left));
      await settle();
    }
  }

  private placeOf(dueMs: number): number {
    let low = 0;
    let high = this.pending.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.pending[middle]?.dueMs ?? Infinity) <= dueMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Until nothing is left to do without time passing. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** `eventually` in a time that moves only while something is waited for. */
export function eventuallyBy(
  clock: ManualClock,
): (why: string, condition: () => Promise<boolean> | boolean) => Promise<unknown> {
  const look = async (condition: () => Promise<boolean> | boolean): Promise<boolean> => {
    await settle();
    if (await condition()) return true;
    clock.advance(20);
    return false;
  };
  return (why, condition) => eventually(why, () => look(condition), { everyMs: 0 });
}
