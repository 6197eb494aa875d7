import type { Clock } from '../lib/clock.js';
import { systemClock } from '../lib/clock.js';
import { MAX_UNANSWERED_SEQUENCES } from '../protocol/bounds.js';
import { connectUrl, type AllowedOrigins } from './endpoints.js';
import type { Observer } from './observer.js';
import { platformLocks, platformStorage, type LocksLike, type StorageLike } from './storage.js';
import { platformWebSocket, type WebSocketFactory } from './web-socket.js';

/** The rest of the protocol's bound is for marks: the SDK's own, and those in the place of what has failed for good. */
const MOST_UNSETTLED = MAX_UNANSWERED_SEQUENCES - 24;

/** A credential, or the application's function that gets one: asked at the first connection and whenever one has run out. */
export type TokenSource = string | (() => string | Promise<string>);

/** How to connect. Only `url` and `token` are needed. */
export interface ClientOptions {
  /** ws: or wss: URL of the service, or several that are tried in turn. Without a path, /v1/connect. */
  readonly url: string | readonly string[];
  /** A token, a function that gets one whenever it is needed, or (never in a page) an API key. */
  readonly token: TokenSource;
  /** Where a pod may send this client besides the origins of `url`. Default: nowhere else. */
  readonly allowedOrigins?: AllowedOrigins;
  /** False: never a second connection beside the first; a rollout is a short break then. Default true. */
  readonly overlap?: boolean;
  /**
   * The offline queue: publishes that may wait for their answer, with or without a connection; past it `publish` rejects
   * with `too-many-unsettled`. Default, and at most, 1,000.
   */
  readonly maxUnsettled?: number;
  /** Characters of JSON that may wait for their answer. Default 4 Mi. */
  readonly maxUnsettledLength?: number;
  /** Delays before a resume: random in 0..min(maxMs, baseMs x 2^failures). Default 500 and 20,000. */
  readonly backoff?: { readonly baseMs: number; readonly maxMs: number };
  /** A subscribe or unsubscribe without an answer for this long, and no frame of any stream, resumes elsewhere. Default 15,000. */
  readonly answerTimeoutMs?: number;
  /**
   * Where the client remembers its session, positions and unsettled publishes, so that a reload of the page goes on with
   * them: the tab's `sessionStorage` (`'session'`, the default in pages), a storage of the application's own, or none
   * (null, the default elsewhere). What is in it opens the session: see "A reload" in docs/sdk.md.
   */
  readonly storage?: 'session' | StorageLike | null;
  /** Under which key. Default: `baton` and the first URL. Each client of a page needs its own; a second one with the same has no storage. */
  readonly storageKey?: string;
  /** What tells a reload from a copied tab. Default: the platform's Web Locks; null where there are none. */
  readonly locks?: LocksLike | null;
  /** Default: the platform's WebSocket. */
  readonly webSocket?: WebSocketFactory;
  /** For tests. Default: the platform's. */
  readonly clock?: Clock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  /** Hears of everything on the wire, for tests and measurements. Not in `baton.min.js`. */
  readonly observer?: Observer;
}

/** The options with their defaults, checked. */
export interface ClientSettings {
  readonly urls: readonly string[];
  readonly token: () => Promise<string>;
  readonly allowedOrigins: AllowedOrigins;
  readonly overlap: boolean;
  readonly maxUnsettled: number;
  readonly maxUnsettledLength: number;
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
  readonly answerTimeoutMs: number;
  readonly storage: StorageLike | null;
  readonly storageKey: string;
  readonly storageIsOwn: boolean;
  readonly locks: LocksLike | null;
  readonly webSocket: WebSocketFactory;
  readonly clock: Clock;
  readonly random: () => number;
  readonly observer: Observer | null;
}

/** Throws TypeError for a URL that can't be connected to, RangeError for a `maxUnsettled` that the service can't keep. */
export function settingsFrom(options: ClientOptions): ClientSettings {
  const urls = (typeof options.url === 'string' ? [options.url] : options.url).map(connectUrl);
  if (urls.length === 0) throw new TypeError('no URL to connect to');
  const { token, maxUnsettled = MOST_UNSETTLED, storage = 'session' } = options;
  if (!(maxUnsettled <= MOST_UNSETTLED)) throw new RangeError(`maxUnsettled is at most ${MOST_UNSETTLED}`);
  return {
    urls,
    token: async () => (typeof token === 'string' ? token : await token()),
    allowedOrigins: options.allowedOrigins ?? [],
    overlap: options.overlap ?? true,
    maxUnsettled,
    maxUnsettledLength: options.maxUnsettledLength ?? 4_194_304,
    backoff: options.backoff ?? { baseMs: 500, maxMs: 20_000 },
    answerTimeoutMs: options.answerTimeoutMs ?? 15_000,
    storage: storage === 'session' ? platformStorage() : storage,
    storageKey: options.storageKey ?? `baton ${urls[0] ?? ''}`,
    storageIsOwn: storage !== 'session',
    locks: options.locks === undefined ? platformLocks() : options.locks,
    webSocket: options.webSocket ?? platformWebSocket,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    observer: options.observer ?? null,
  };
}
