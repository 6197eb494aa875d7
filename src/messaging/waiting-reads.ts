import { BatonError } from '../lib/baton-error.js';

/** Each holds a socket and a place in a live stream. */
export const MOST_WAITING = 1_000;
/** One backend that runs away leaves the rest of them to others. */
export const MOST_WAITING_OF_ONE = 250;
const AGAIN_MS = 2_000;
/** In a drain: whoever comes back at once to a pod that is going must not do so in a loop. */
const WHILE_DRAINING_MS = 1_000;

/** A read that may wait until its signal says that it must not. */
export interface Place {
  readonly signal: AbortSignal;
  readonly longestMs: number;
  leave(): void;
}

/** The reads over HTTP that wait for a message on this pod: a bounded number, and none for long once it drains. */
export class WaitingReads {
  private readonly waiting = new Set<AbortController>();
  private readonly byKey = new Map<string, number>();
  private draining = false;

  get size(): number {
    return this.waiting.size;
  }

  /** `gone`: whoever asked has hung up. Throws BatonError `busy`. */
  take(keyId: string, gone: AbortSignal): Place {
    const ofKey = this.byKey.get(keyId) ?? 0;
    if (this.waiting.size >= MOST_WAITING || ofKey >= MOST_WAITING_OF_ONE)
      throw new BatonError('busy', 'too many reads are waiting already', { retryAfterMs: AGAIN_MS });
    const controller = new AbortController();
    const end = (): void => {
      controller.abort();
    };
    gone.addEventListener('abort', end);
    if (gone.aborted) end();
    this.waiting.add(controller);
    this.byKey.set(keyId, ofKey + 1);
    const leave = (): void => {
      if (!this.waiting.delete(controller)) return;
      gone.removeEventListener('abort', end);
      const left = (this.byKey.get(keyId) ?? 1) - 1;
      if (left > 0) this.byKey.set(keyId, left);
      else this.byKey.delete(keyId);
    };
    return { signal: controller.signal, longestMs: this.draining ? WHILE_DRAINING_MS : Infinity, leave };
  }

  /** The drain has begun: all that wait are answered, and go elsewhere. */
  drain(): void {
    this.draining = true;
    for (const controller of this.waiting) controller.abort();
  }
}
