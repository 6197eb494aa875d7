import type { Backend } from '../auth/principal.js';
import { BatonError } from '../lib/baton-error.js';

/** Each holds a socket and a place in a live stream. */
export const MOST_WAITING = 1_000;
/** One backend that runs away leaves the rest of them to others. */
export const MOST_WAITING_OF_ONE = 250;
/** A tenant may have any number of keys, and leaves room for other tenants all the same. */
export const MOST_WAITING_OF_TENANT = 500;
const AGAIN_MS = 2_000;
/** In a drain: whoever comes back at once to a pod that is going must not do so in a loop. */
const WHILE_DRAINING_MS = 1_000;

/** A read that may wait until its signal says that it must not. */
export interface Place {
  readonly signal: AbortSignal;
  readonly longestMs: number;
  leave(): void;
}

/** How many of each name there are; none is kept of what has none. */
class Counts {
  private readonly counts = new Map<string, number>();

  of(name: string): number {
    return this.counts.get(name) ?? 0;
  }
  add(name: string, change: 1 | -1): void {
    const count = this.of(name) + change;
    if (count > 0) this.counts.set(name, count);
    else this.counts.delete(name);
  }
}

/** The reads over HTTP that wait for a message on this pod: a bounded number, and none for long once it drains. */
export class WaitingReads {
  private readonly waiting = new Set<AbortController>();
  private readonly ofKey = new Counts();
  private readonly ofTenant = new Counts();
  private draining = false;

  get size(): number {
    return this.waiting.size;
  }

  /** `gone`: whoever asked has hung up. Throws BatonError `busy`. */
  take({ tenant, keyId }: Pick<Backend, 'tenant' | 'keyId'>, gone: AbortSignal): Place {
    const full =
      this.waiting.size >= MOST_WAITING ||
      this.ofTenant.of(tenant) >= MOST_WAITING_OF_TENANT ||
      this.ofKey.of(keyId) >= MOST_WAITING_OF_ONE;
    if (full) throw new BatonError('busy', 'too many reads are waiting already', { retryAfterMs: AGAIN_MS });
    const controller = new AbortController();
    const end = (): void => {
      controller.abort();
    };
    gone.addEventListener('abort', end);
    if (gone.aborted) end();
    this.waiting.add(controller);
    this.ofKey.add(keyId, 1);
    this.ofTenant.add(tenant, 1);
    const leave = (): void => {
      if (!this.waiting.delete(controller)) return;
      gone.removeEventListener('abort', end);
      this.ofKey.add(keyId, -1);
      this.ofTenant.add(tenant, -1);
    };
    return { signal: controller.signal, longestMs: this.draining ? WHILE_DRAINING_MS : Infinity, leave };
  }

  /** The drain has begun: all that wait are answered, and go elsewhere. */
  drain(): void {
    this.draining = true;
    for (const controller of this.waiting) controller.abort();
  }
}
