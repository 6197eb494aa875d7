import type { Clock } from './clock.js';

/** A wait ended by its deadline, not by what it waited for. */
export class DeadlineError extends Error {
  constructor(what: string, afterMs: number) {
    super(`${what} took longer than ${afterMs} ms`);
  }
}

/** Settles as `work` does, or rejects with DeadlineError after `afterMs`. The work itself is not cancelled. */
export function withDeadline<T>(clock: Clock, what: string, afterMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(afterMs, () => {
      reject(new DeadlineError(what, afterMs));
    });
    work.then(resolve, reject).finally(() => {
      timer.cancel();
    });
  });
}
