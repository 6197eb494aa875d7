import type { ErrorName } from '../protocol/error-codes.js';
import type { Jump, ResetReason } from '../protocol/frames.js';
import type { EntryId, PublisherId, SessionId } from '../protocol/ids.js';
import type { Position } from '../protocol/position.js';
import type { StreamOwner } from '../redis/keys.js';

/** An entry of a log. `data` is JSON text: it is never parsed again on its way to a socket. */
export interface Entry {
  readonly offset: number;
  readonly id: EntryId;
  readonly prev: EntryId;
  readonly data: string;
}

/** A publish of a client: guarded by its publisher's sequence. */
export interface SequencedItem {
  readonly kind: 'publish' | 'mark' | 'refuse';
  readonly session: SessionId;
  readonly publisher: PublisherId;
  readonly seq: number;
  readonly after: number;
  /** JSON text of a `publish`. */
  readonly data?: string;
  /** Why a `refuse` is refused for good: noted with the sequence, so that the answer can be repeated. */
  readonly code?: ErrorName;
  /** Redis time (RedisCommands.timeMs) at which the client's frame was read; older than 10 s is `late`. */
  readonly readAtMs: number;
}

/** A send over HTTP: guarded by a hash of tenant, API key and Idempotency-Key, or by an id that the pod made. */
export interface KeyedItem {
  readonly kind: 'send';
  readonly idempotency: string;
  readonly data: string;
}

export type AppendItem = SequencedItem | KeyedItem;

export type AppendResult =
  /** Settled: in the log (position known unless it is a repeat of an old one or a mark). */
  | { readonly kind: 'ack'; readonly jumps: readonly Jump[]; readonly position: Position | null }
  /** HTTP send settled; `repeated` if an earlier one with this key had the effect. */
  | { readonly kind: 'sent'; readonly offset: number; readonly repeated: boolean }
  | { readonly kind: 'refused'; readonly code: ErrorName; readonly jumps: readonly Jump[] }
  | { readonly kind: 'gap'; readonly last: number }
  /** Temporary; Redis' time has become the pod's estimate. */
  | { readonly kind: 'late' };

export type ReadResult =
  /** Everything after the position in order, at most `limit`; `top` is the log's last entry when it was read. */
  | { readonly kind: 'entries'; readonly entries: readonly Entry[]; readonly top: Position }
  | { readonly kind: 'reset'; readonly reason: ResetReason; readonly top: Position };

/**
 * The durable log of every stream. Appends to one stream are executed in the order of the calls; what is appended in
 * one event-loop turn goes to Redis as one script. Rejects with BatonError `unavailable` when Redis stayed away for
 * longer than the append deadline; the effect is then unknown, and a repeat (same seq or key) finds out.
 */
export interface StreamLog {
  append(owner: StreamOwner, item: AppendItem): Promise<AppendResult>;
  /** `position` null: only the top, no entries. One page; the caller goes on until the last entry is the top. */
  read(owner: StreamOwner, position: Position | null, limit: number): Promise<ReadResult>;
  /** Keeps what a publisher has settled for another time to live: for one who is connected and silent. */
  touch(owner: StreamOwner, session: SessionId, publisher: PublisherId): Promise<void>;
}

/** The clock by which a publish is `late`, in ms since 1970: that of where the stream's log lives. No round trip. */
export type LogTimeMs = (owner: StreamOwner) => number;

export const LOG_TIME_MS = Symbol('LogTimeMs');
export const STREAM_LOG = Symbol('StreamLog');
