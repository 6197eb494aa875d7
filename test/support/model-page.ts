import type { ClientOptions, LocksLike, StorageLike, WebSocketFactory } from '../../src/client/index.js';
import type { Clock } from '../../src/lib/clock.js';

/** A tab's storage, which can be full, forbidden, or have been copied with its tab. */
export class ModelStorage implements StorageLike {
  readonly items: Map<string, string>;
  /** Of one item. */
  mostCharacters = Infinity;
  readonly forbidden = new Set<'getItem' | 'setItem' | 'removeItem'>();
  writes = 0;
  readonly #written: (readonly [key: string, value: string])[] = [];

  constructor(copied?: ModelStorage) {
    this.items = new Map(copied?.items);
  }

  /** As a browser that is killed before its last writes were on disk: any earlier one, of any page, is there again. */
  forget(writes: number): void {
    const before = this.#written.at(-1 - writes) ?? this.#written[0];
    if (before) this.items.set(...before);
  }

  getItem(key: string): string | null {
    this.#allow('getItem');
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.#allow('setItem');
    if (value.length > this.mostCharacters) throw new Error('QuotaExceededError');
    this.writes += 1;
    this.#written.push([key, value]);
    this.items.set(key, value);
  }
  removeItem(key: string): void {
    this.#allow('removeItem');
    this.items.delete(key);
  }

  /** The only record in it, parsed. */
  get record(): Record<string, unknown> {
    const [text = 'null'] = this.items.values();
    return JSON.parse(text) as Record<string, unknown>;
  }

  #allow(method: 'getItem' | 'setItem' | 'removeItem'): void {
    if (this.forbidden.has(method)) throw new Error('SecurityError');
  }
}

/** The locks of all pages of an origin. */
export class ModelLocks {
  readonly #held = new Map<string, Promise<unknown>>();

  /** Those that a page gets are given back when it dies. */
  ofPage(died: Promise<unknown>): LocksLike {
    return {
      request: async (name, { signal }, callback) => {
        const aborted = new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('AbortError')));
        });
        while (this.#held.has(name)) await Promise.race([this.#held.get(name), aborted]);
        const held = Promise.race([callback(), died]);
        this.#held.set(name, held);
        await held;
        this.#held.delete(name);
      },
    };
  }
}

interface Parts {
  readonly storage: ModelStorage;
  readonly locks: ModelLocks;
  readonly clock: Clock;
  readonly webSocket: WebSocketFactory;
}

const pages = new Set<ModelPage>();
Object.assign(globalThis, {
  addEventListener: (type: string, listener: () => void) => {
    if (type !== 'pagehide') return;
    for (const page of pages) if (page.loads) page.listeners.add(listener);
  },
  removeEventListener: (_type: string, listener: () => void) => {
    for (const page of pages) page.listeners.delete(listener);
  },
});

/** One life of a page: what a client needs of it, until it is reloaded, closed, or its process dies. */
export class ModelPage {
  readonly listeners = new Set<() => void>();
  loads = true;
  readonly options: Required<Pick<ClientOptions, 'clock' | 'webSocket' | 'storage' | 'locks'>>;
  readonly #died = Promise.withResolvers<undefined>();
  readonly #sockets: ReturnType<WebSocketFactory>[] = [];
  #alive = true;

  constructor({ storage, locks, clock, webSocket }: Parts) {
    pages.add(this);
    const ifAlive = (run: () => void) => () => this.#alive && run();
    this.options = {
      // A view of its own: for the client, the next page's storage is another object.
      storage: {
        getItem: (key) => storage.getItem(key),
        setItem: (key, value) => this.#alive && storage.setItem(key, value),
        removeItem: (key) => this.#alive && storage.removeItem(key),
      },
      locks: locks.ofPage(this.#died.promise),
      clock: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        after: (delayMs, run) => clock.after(delayMs, ifAlive(run)),
        every: (periodMs, run) => clock.every(periodMs, ifAlive(run)),
      },
      webSocket: (url, protocol) => {
        const socket = webSocket(url, protocol);
        this.#sockets.push(socket);
        return {
          send: (text) => this.#alive && socket.send(text),
          close: (code, reason) => socket.close(code, reason),
          addEventListener: (type: string, listener: (event: never) => void) => {
            socket.addEventListener(type as 'open', ((event: never) => this.#alive && listener(event)) as () => void);
          },
        };
      },
    };
  }

  /** Runs what loads the page's client: its listeners are this page's. */
  load<Value>(run: (options: ModelPage['options']) => Value): Value {
    try {
      return run(this.options);
    } finally {
      this.loads = false;
    }
  }

  /** Unnoticed by its scripts. */
  crash(): void {
    this.#alive = false;
    pages.delete(this);
    for (const socket of this.#sockets) socket.close();
    this.#died.resolve(undefined);
  }

  /** As for a reload, or when its tab is closed. */
  hide(): void {
    for (const listener of this.listeners) listener();
    this.crash();
  }
}
