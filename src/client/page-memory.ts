import type { Clock, Timer } from '../lib/clock.js';
import { parseKept, VERSION, type Kept } from './kept.js';
import { onPage } from './page.js';
import { randomName } from './random-name.js';
import type { LocksLike, StorageLike } from './storage.js';

/** Positions and answers may be this old when a page dies without notice; they are brought up to date when it ends as it should. */
const SAVE_WITHIN_MS = 100;
/** A page that is reloaded gives its lock back in less; a copy of a tab waits in vain. */
const LOCK_WITHIN_MS = 500;
/** Of 5 Mi that a page has of sessionStorage. */
const MOST_CHARACTERS = 524_288;

export interface PageMemorySettings {
  readonly storage: StorageLike | null;
  readonly storageKey: string;
  readonly locks: LocksLike | null;
  /** The application gave the storage, and answers for it where there are no locks. */
  readonly storageIsOwn: boolean;
  readonly clock: Clock;
}

/** Keys in use by clients of this page: a second client with the same one remembers nothing. */
const inUse = new WeakMap<StorageLike, Set<string>>();

/**
 * What survives a reload of the page. Written before anything that a later page must know to be harmless: a connection's
 * attempt, a publish's sequence. A storage that is full, forbidden or full of rubbish costs the memory and nothing else.
 */
export class PageMemory {
  /** What the page before this one left. */
  readonly kept: Kept | null = null;
  #storage: StorageLike | null = null;
  /** Until it is known whose the record is, it stays as it is. */
  #claimed = false;
  readonly #released = Promise.withResolvers<undefined>();
  #owner: string = randomName();
  #timer: Timer | null = null;
  readonly #stopListening: (() => void) | null = null;
  #sends: (() => void)[] = [];

  constructor(
    private readonly settings: PageMemorySettings,
    private readonly collect: () => Omit<Kept, 'v' | 'owner'>,
  ) {
    const { storage, storageKey } = settings;
    const keys = storage && (inUse.get(storage) ?? new Set());
    if (!storage || !keys || keys.has(storageKey)) return;
    inUse.set(storage, keys.add(storageKey));
    this.#storage = storage;
    this.kept = parseKept(attempt(() => storage.getItem(storageKey)) ?? '');
    this.#stopListening = onPage('pagehide', this.save);
  }

  /**
   * Whether what was kept is this client's to use: not if another one lives that has it too, in the tab that this one
   * was copied from. A new owner follows then.
   */
  async claim(): Promise<boolean> {
    if (!this.#storage) return false;
    const { kept } = this;
    if (kept && (await this.#lock(kept.owner))) this.#owner = kept.owner;
    else void this.#lock(this.#owner);
    this.#claimed = true;
    return this.#owner === kept?.owner;
  }

  /** Soon: something has changed that may be a little old. */
  changed(): void {
    if (this.#storage) this.#timer ??= this.settings.clock.after(SAVE_WITHIN_MS, this.save);
  }

  readonly save = (): void => {
    this.#save(this.collect());
  };

  /** Runs what sends a publish once its sequence is written; those of one turn are written together. */
  beforeSending(send: () => void): void {
    if (!this.#storage) {
      send();
      return;
    }
    if (this.#sends.push(send) === 1) queueMicrotask(() => this.sendAll());
  }

  /** Without waiting for the end of the turn. */
  sendAll(): void {
    if (this.#sends.length === 0) return;
    this.save();
    for (const send of this.#sends.splice(0)) send();
  }

  /** The client has stopped. Forgets everything, or keeps where each stream was. */
  end(forget: boolean): void {
    const storage = this.#storage;
    if (!storage) return;
    this.#save({ session: null, attempt: 0, publishes: null, unsettled: 0, positions: this.collect().positions });
    if (forget) attempt(() => storage.removeItem(this.settings.storageKey));
    this.#storage = null;
    inUse.get(storage)?.delete(this.settings.storageKey);
    this.#stopListening?.();
    this.#released.resolve(undefined);
  }

  #save(content: Omit<Kept, 'v' | 'owner'>): void {
    this.#timer?.cancel();
    this.#timer = null;
    const storage = this.#storage;
    if (!storage || !this.#claimed) return;
    const { storageKey } = this.settings;
    const kept: Kept = { v: VERSION, owner: this.#owner, ...content };
    const set = (text: string): true | undefined =>
      text.length > MOST_CHARACTERS ? undefined : attempt(() => (storage.setItem(storageKey, text), true));
    // An old record would be worse than none: its sequences have been used since.
    if (!set(JSON.stringify(kept)) && !set(JSON.stringify({ ...kept, publishes: null })))
      attempt(() => storage.removeItem(storageKey));
  }

  async #lock(name: string): Promise<boolean> {
    const { locks, clock, storageIsOwn } = this.settings;
    if (!locks) return storageIsOwn;
    const tooLong = new AbortController();
    const timer = clock.after(LOCK_WITHIN_MS, () => tooLong.abort());
    // Also for locks that a page may not ask for, which throw at once.
    const got = await new Promise<boolean>((resolve, reject) => {
      const held = (): Promise<unknown> => {
        resolve(true);
        return this.#released.promise;
      };
      locks.request(`baton ${name}`, { signal: tooLong.signal }, held).catch(reject);
    }).catch(() => false);
    timer.cancel();
    return got;
  }
}

/** Undefined if it throws: storages do, for reasons of their own. */
function attempt<Value>(run: () => Value): Value | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
