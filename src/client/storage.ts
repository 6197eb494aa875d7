/**
 * The part of the Web Storage API that the client uses: `sessionStorage` has it, and anything synchronous that keeps
 * texts may. It must belong to one client at a time: what tabs share (`localStorage`) is not for this.
 */
export interface StorageLike {
  /** The text that was set last; null if there is none. */
  getItem(key: string): string | null;
  /** May throw: a full storage costs the client its memory, and nothing else. */
  setItem(key: string, value: string): void;
  /** Forgets the text. */
  removeItem(key: string): void;
}

/** The part of the Web Locks API (`navigator.locks`) that the client uses. */
export interface LocksLike {
  /** Calls `callback` once nobody else has the lock, which is held until the promise that it returns is settled. */
  request(name: string, options: { readonly signal: AbortSignal }, callback: () => Promise<unknown>): Promise<unknown>;
}

interface Platform {
  readonly document?: unknown;
  readonly sessionStorage?: StorageLike;
  readonly navigator?: { readonly locks?: LocksLike };
}

/** The tab's own storage; null outside of pages, and in pages that may have none: a sandboxed frame throws. */
export function platformStorage(): StorageLike | null {
  const { document } = globalThis as Platform;
  try {
    return document === undefined ? null : ((globalThis as Platform).sessionStorage ?? null);
  } catch {
    return null;
  }
}

/** Null where the page isn't a secure context, and on old platforms. */
export function platformLocks(): LocksLike | null {
  return (globalThis as Platform).navigator?.locks ?? null;
}
