import type { Clock, Timer } from '../lib/clock.js';

/**
 * The deadline of what streams wait for on one connection: runs while anything is unanswered, and from the last frame
 * of any stream, since a long replay answers late and a slow line brings answers after what was queued before them.
 */
export class AnswerWatch {
  #timer: Timer | null = null;
  #progressAtMs = 0;

  constructor(
    private readonly clock: Clock,
    private readonly limitMs: number,
    private readonly waits: () => boolean,
    private readonly expired: () => void,
  ) {}

  /** After whatever may have changed what is waited for; a deadline that runs goes on. */
  check(): void {
    if (!this.waits()) {
      this.stop();
    } else if (this.#timer === null) {
      this.progress();
      this.#arm(this.limitMs);
    }
  }

  /** A frame of a stream came. */
  progress(): void {
    this.#progressAtMs = this.clock.monotonic();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #arm(afterMs: number): void {
    this.#timer = this.clock.after(afterMs, () => {
      this.#timer = null;
      const leftMs = this.limitMs - (this.clock.monotonic() - this.#progressAtMs);
      if (leftMs > 0) this.#arm(leftMs);
      else this.expired();
    });
  }
}
