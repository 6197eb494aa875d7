import type { Grant } from '../protocol/grants.js';
import type { ConnectionId, PodId, SessionId, TenantId, UserId } from '../protocol/ids.js';
import type { Json } from '../protocol/frames.js';

export interface SessionKey {
  readonly tenant: TenantId;
  readonly session: SessionId;
}

/** A session's row. Its owner is the connection of the highest attempt. */
export interface SessionRow extends SessionKey {
  readonly user: UserId;
  readonly grants: readonly Grant[];
  /** Wall-clock ms since 1970; a claim after it is `expired`. */
  readonly credentialExpiresAtMs: number;
  readonly attempt: number;
  readonly connection: ConnectionId;
  readonly pod: PodId;
  readonly detached: boolean;
  readonly createdAtMs: number;
  /** When the connection last changed from one to another. */
  readonly movedAtMs: number;
}

export interface Claim extends SessionKey {
  readonly attempt: number;
  readonly connection: ConnectionId;
  readonly pod: PodId;
  /** Whose it is, as far as the caller knows: with it the claim refreshes the hints by which lists find the session. */
  readonly user?: UserId;
  /** Only the first claim of a session and its repeats carry it: a missing row is made at attempt 1. */
  readonly create?: SessionFields;
  /** A renewed credential of the same tenant and user: replaces grants and expiry. Another user is `gone`. */
  readonly renew?: SessionFields;
}
export interface SessionFields {
  readonly user: UserId;
  readonly grants: readonly Grant[];
  readonly credentialExpiresAtMs: number;
}

export type ClaimResult =
  | { readonly kind: 'claimed'; readonly row: SessionRow; readonly created: boolean }
  /** No row: expired, ended or never made. */
  | { readonly kind: 'gone' }
  /** The credential in the row has run out: the next `hello` needs a token. */
  | { readonly kind: 'expired' }
  /** A higher attempt, or another connection with the same one, owns the session; nothing changed. */
  | { readonly kind: 'superseded'; readonly attempt: number; readonly connection: ConnectionId };

export interface StoredData {
  readonly value: Json;
  /** 1, 2, 3 ...; 0 means "not there yet". */
  readonly version: number;
}
export type PutResult =
  | { readonly kind: 'stored'; readonly version: number }
  | { readonly kind: 'conflict'; readonly version: number }
  | { readonly kind: 'gone' };
export type DeleteResult =
  /** Also if it wasn't there. */
  { readonly kind: 'deleted' } | { readonly kind: 'conflict'; readonly version: number } | { readonly kind: 'gone' };
export interface DataField {
  readonly field: string;
  readonly version: number;
  /** Of its JSON text. */
  readonly bytes: number;
}

export interface PageRequest {
  /** Sessions at most: 1 to 200. */
  readonly limit: number;
  /** `next` of the page before; null: the first page. */
  readonly after: string | null;
}
export interface SessionPage {
  readonly sessions: readonly SessionRow[];
  /** Null: the last page. A page may be shorter than asked for, even empty, and not be the last. */
  readonly next: string | null;
}

/**
 * The durable sessions. Every write of a pod names its connection and is refused if that isn't the row's. Every call
 * is idempotent; rejects with BatonError `unavailable` when Redis cannot be reached.
 */
export interface SessionStore {
  /** One rule for the first claim, a repeat, the check after a doubt and the sweep. Tells the session's channel when the connection changed. */
  claim(claim: Claim): Promise<ClaimResult>;
  /** The sweep and the check after a doubt: many claims in few writes; results in the order of the claims. */
  claimAll(claims: readonly Claim[]): Promise<readonly PromiseSettledResult<ClaimResult>[]>;
  /** From now on the row expires after the session TTL unless claimed again. False: it isn't this connection's. */
  detach(key: SessionKey, attempt: number, connection: ConnectionId): Promise<boolean>;
  /** Ends it for everybody: row deleted, the session's channel told. With `connection`: only if it is the owner's. */
  end(key: SessionKey, connection?: ConnectionId): Promise<boolean>;
  /** The row as it was written. */
  get(key: SessionKey): Promise<SessionRow | null>;
  /**
   * Rows as they read, in no order: detached, too, when the pod that one names no longer beats. Whoever reads page after
   * page misses none that was there all the time and may see one twice; after a failover of Redis one may be missing for
   * a sweep. Throws BatonError `bad-request`.
   */
  listByUser(tenant: TenantId, user: UserId, page: PageRequest): Promise<SessionPage>;
  listByTenant(tenant: TenantId, page: PageRequest): Promise<SessionPage>;
  getData(key: SessionKey, field: string): Promise<StoredData | null>;
  /** `version`: the one that was read, 0 for a new field; null: whatever is there. */
  putData(key: SessionKey, field: string, value: Json, version: number | null): Promise<PutResult>;
  /** `version` as for `putData`. No version of a field ever means two values: one that is put again goes on above. */
  deleteData(key: SessionKey, field: string, version: number | null): Promise<DeleteResult>;
  /** By name; null if there is no such session. */
  listData(key: SessionKey): Promise<readonly DataField[] | null>;
}

/** What a session's channel says. */
export type SessionEvent =
  | { readonly kind: 'claimed'; readonly attempt: number; readonly connection: ConnectionId }
  | { readonly kind: 'ended' };

/** Hears of claims and ends of one session; resolves when Redis has confirmed the subscription. */
export interface SessionEvents {
  listen(key: SessionKey, listener: (event: SessionEvent) => void): Promise<() => void>;
}

export const SESSION_STORE = Symbol('SessionStore');
export const SESSION_EVENTS = Symbol('SessionEvents');
