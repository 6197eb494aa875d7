import type { SessionsConfig } from '../config/config.js';
import { BatonError } from '../lib/baton-error.js';
import type { Logger } from '../observability/logger.js';
import type { Json } from '../protocol/frames.js';
import type { ConnectionId, TenantId, UserId } from '../protocol/ids.js';
import type { RedisKeys } from '../redis/keys.js';
import type { RedisCommands, RedisReply, ScriptCall } from '../redis/redis-ports.js';
import { creationOf } from './claim-rule.js';
import { RedisSessionData } from './redis-session-data.js';
import { RedisSessionIndex, type Hint } from './redis-session-index.js';
import { RedisSessionLists } from './redis-session-lists.js';
import { listOf, unexpected } from './script-reply.js';
import { detachedTtlMs, ownedTtlMs } from './session-lifetime.js';
import { decodeRow, otherSchema, ROW_FIELDS, ROW_SCHEMA } from './session-row.js';
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

/** Sessions as rows in Redis. Times are Redis' own. */
export class RedisSessionStore implements SessionStore {
  private readonly data: RedisSessionData;
  private readonly index: RedisSessionIndex;
  private readonly lists: RedisSessionLists;

  constructor(
    private readonly redis: RedisCommands,
    private readonly keys: RedisKeys,
    private readonly config: SessionsConfig,
    logger: Logger,
  ) {
    this.data = new RedisSessionData(redis, keys);
    this.index = new RedisSessionIndex(redis, keys, config, logger);
    this.lists = new RedisSessionLists({ redis, keys, logger, index: this.index, get: (key) => this.get(key) });
  }

  async claim(claim: Claim): Promise<ClaimResult> {
    // Before the row, and in the same write: nobody waits for a list.
    const [, reply] = await Promise.all([this.index.write(hintsOf([claim])), this.redis.run(this.claimCall(claim))]);
    return claimResultOf(claim, reply);
  }

  async claimAll(claims: readonly Claim[]): Promise<readonly PromiseSettledResult<ClaimResult>[]> {
    await this.index.write(hintsOf(claims));
    const replies = await this.redis.runAll(claims.map((claim) => this.claimCall(claim)));
    return Promise.allSettled(
      claims.map(async (claim, index) => {
        const reply = replies[index];
        if (reply?.status === 'fulfilled') return claimResultOf(claim, reply.value);
        throw reply?.reason ?? new BatonError('internal', 'a claim was not answered');
      }),
    );
  }

  async detach(key: SessionKey, attempt: number, connection: ConnectionId): Promise<boolean> {
    const args = [key.tenant, attempt, connection, detachedTtlMs(this.config)];
    return (await this.redis.run({ script: 'detach', keys: [this.rowKey(key)], args })) === 1;
  }

  async end(key: SessionKey, connection?: ConnectionId): Promise<boolean> {
    const keys = [this.rowKey(key), this.keys.sessionLive(key.tenant, key.session)];
    return (await this.redis.run({ script: 'end-session', keys, args: [key.tenant, connection ?? ''] })) === 1;
  }

  async get(key: SessionKey): Promise<SessionRow | null> {
    const [schema = null, ...values] = await this.redis.fields(this.rowKey(key), ['schema', ...ROW_FIELDS]);
    if (schema === null) return null;
    if (schema !== ROW_SCHEMA) throw otherSchema(schema);
    return decodeRow(key, values);
  }

  listByUser(tenant: TenantId, user: UserId, page: PageRequest): Promise<SessionPage> {
    const isMeant = (row: SessionRow): boolean => row.user === user;
    return this.lists.page(this.index.ofUser(tenant, user), page, isMeant, ({ session }) => ({ tenant, session }));
  }

  listByTenant(tenant: TenantId, page: PageRequest): Promise<SessionPage> {
    return this.lists.page(
      this.index.ofTenant(tenant),
      page,
      () => true,
      ({ session }) => ({ tenant, session }),
    );
  }

  getData(key: SessionKey, field: string): Promise<StoredData | null> {
    return this.data.get(key, field);
  }
  putData(key: SessionKey, field: string, value: Json, version: number | null): Promise<PutResult> {
    return this.data.put(key, field, value, version);
  }
  deleteData(key: SessionKey, field: string, version: number | null): Promise<DeleteResult> {
    return this.data.delete(key, field, version);
  }
  listData(key: SessionKey): Promise<readonly DataField[] | null> {
    return this.data.list(key);
  }

  private claimCall(claim: Claim): ScriptCall {
    const { tenant, session, attempt, connection, pod } = claim;
    const create = creationOf(claim);
    const fields = create ?? claim.renew;
    const intent = create ? 'create' : claim.renew ? 'renew' : '';
    return {
      script: 'claim',
      keys: [this.rowKey(claim), this.keys.sessionLive(tenant, session)],
      args: [
        ...[ROW_SCHEMA, tenant, attempt, connection, pod, ownedTtlMs(this.config), intent],
        ...(fields ? [fields.user, JSON.stringify(fields.grants), fields.credentialExpiresAtMs] : []),
      ],
    };
  }

  private rowKey({ tenant, session }: SessionKey): string {
    return this.keys.sessionRow(tenant, session);
  }
}

function claimResultOf(claim: Claim, reply: RedisReply): ClaimResult {
  const [kind, ...values] = listOf(reply);
  switch (kind) {
    case 'claimed': {
      const row = decodeRow(claim, values);
      if (row) return { kind, row, created: creationOf(claim) !== null };
      break;
    }
    case 'gone':
    case 'expired':
      return { kind };
    case 'superseded':
      return { kind, attempt: Number(values[0]), connection: String(values[1]) as ConnectionId };
    case 'schema':
      throw otherSchema(String(values[0]));
  }
  throw unexpected('claim', reply);
}

function hintsOf(claims: readonly Claim[]): readonly Hint[] {
  return claims.flatMap(({ tenant, session, create, user = create?.user }) =>
    user === undefined ? [] : [{ tenant, session, user }],
  );
}
