import type { Clock, Timer } from '../lib/clock.js';

/** Timers by name, one each: starting one again replaces it. */
export class Timers {
  readonly #running = new Map<string, Timer>();

  constructor(private readonly clock: Clock) {}

  start(name: string, afterMs: number, run: () => void): void {
    this.cancel(name);
    const timer = this.clock.after(afterMs, () => {
      this.#running.delete(name);
      run();
    });
    this.#running.set(name, timer);
  }

  cancel(name: string): void {
    this.#running.get(name)?.cancel();
    this.#running.delete(name);
  }

  cancelAll(): void {
    for (const name of [...this.#running.keys()]) this.cancel(name);
  }
}
