import type { Json } from '../protocol/frames.js';
import type { ConnectionId, TenantId, UserId } from '../protocol/ids.js';
import type {
  Claim,
  ClaimResult,
  DataField,
  DeleteResult,
  PageRequest,
  PutResult,
  SessionKey,
  SessionPage,
  SessionRow,
  SessionStore,
  StoredData,
} from './session-store.js';
import type { SessionWatch } from './session-watch.js';

/** The store itself where nobody wants to hear of sessions. */
export function watched(
  store: SessionStore,
  watch: SessionWatch,
  webhooks: { readonly file: string | null },
): SessionStore {
  return webhooks.file === null ? store : new WatchedSessionStore(store, watch);
}

/** A store whose claims, detaches and ends somebody watches. Whoever uses it notices no difference. */
export class WatchedSessionStore implements SessionStore {
  constructor(
    private readonly store: SessionStore,
    private readonly watch: SessionWatch,
  ) {}

  async claim(claim: Claim): Promise<ClaimResult> {
    const result = await this.store.claim(claim);
    if (result.kind === 'claimed') this.watch.current?.held(result.row);
    return result;
  }

  async claimAll(claims: readonly Claim[]): Promise<readonly PromiseSettledResult<ClaimResult>[]> {
    const results = await this.store.claimAll(claims);
    for (const result of results)
      if (result.status === 'fulfilled' && result.value.kind === 'claimed') this.watch.current?.held(result.value.row);
    return results;
  }

  /** Refused or not: of a session that was ended elsewhere its last connection hears first. */
  async detach(key: SessionKey, attempt: number, connection: ConnectionId): Promise<boolean> {
    const detached = await this.store.detach(key, attempt, connection);
    this.watch.current?.left(key);
    return detached;
  }

  /** Also if it had gone already: the answer that said so may be that of a repeat. */
  async end(key: SessionKey, connection?: ConnectionId): Promise<boolean> {
    const ended = await (connection === undefined ? this.store.end(key) : this.store.end(key, connection));
    this.watch.current?.ended(key);
    return ended;
  }

  get(key: SessionKey): Promise<SessionRow | null> {
    return this.store.get(key);
  }
  listByUser(tenant: TenantId, user: UserId, page: PageRequest): Promise<SessionPage> {
    return this.store.listByUser(tenant, user, page);
  }
  listByTenant(tenant: TenantId, page: PageRequest): Promise<SessionPage> {
    return this.store.listByTenant(tenant, page);
  }
  getData(key: SessionKey, field: string): Promise<StoredData | null> {
    return this.store.getData(key, field);
  }
  putData(key: SessionKey, field: string, value: Json, version: number | null): Promise<PutResult> {
    return this.store.putData(key, field, value, version);
  }
  deleteData(key: SessionKey, field: string, version: number | null): Promise<DeleteResult> {
    return this.store.deleteData(key, field, version);
  }
  listData(key: SessionKey): Promise<readonly DataField[] | null> {
    return this.store.listData(key);
  }
}
