import type { SessionsConfig } from '../config/config.js';
import { BatonError } from '../lib/baton-error.js';
import type { ConnectionId } from '../protocol/ids.js';
import type { Json } from '../protocol/frames.js';
import type { RedisKeys } from '../redis/keys.js';
import type { RedisCommands, RedisReply, ScriptCall } from '../redis/redis-ports.js';
import { creationOf } from './claim-rule.js';
import { checkField, MAX_FIELDS, textOf, tooManyFields } from './session-data.js';
import { detachedTtlMs, ownedTtlMs } from './session-lifetime.js';
import { decodeRow, otherSchema, ROW_FIELDS, ROW_SCHEMA } from './session-row.js';
import type {
  Claim,
  ClaimResult,
  PutResult,
  SessionKey,
  SessionRow,
  SessionStore,
  StoredData,
} from './session-store.js';

/** Sessions as rows in Redis. Times are Redis' own. */
export class RedisSessionStore implements SessionStore {
  constructor(
    private readonly redis: RedisCommands,
    private readonly keys: RedisKeys,
    private readonly config: SessionsConfig,
  ) {}

  async claim(claim: Claim): Promise<ClaimResult> {
    return claimResultOf(claim, await this.redis.run(this.claimCall(claim)));
  }

  async claimAll(claims: readonly Claim[]): Promise<readonly PromiseSettledResult<ClaimResult>[]> {
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

  async getData(key: SessionKey, field: string): Promise<StoredData | null> {
    checkField(field);
    const [tenant, stored = null] = await this.redis.fields(this.rowKey(key), ['tenant', `data:${field}`]);
    return stored === null || tenant !== key.tenant ? null : storedDataOf(stored);
  }

  async putData(key: SessionKey, field: string, value: Json, version: number | null): Promise<PutResult> {
    checkField(field);
    const args = [key.tenant, field, textOf(value), version ?? '', MAX_FIELDS];
    const reply = await this.redis.run({ script: 'session-data', keys: [this.rowKey(key)], args });
    const [kind, stored] = listOf(reply);
    if (kind === 'gone') return { kind };
    if (kind === 'full') throw tooManyFields();
    if (kind === 'stored' || kind === 'conflict') return { kind, version: Number(stored) };
    throw unexpected('session-data', reply);
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

/** `<version> <JSON text>` */
function storedDataOf(text: string): StoredData {
  const space = text.indexOf(' ');
  return { value: JSON.parse(text.slice(space + 1)) as Json, version: Number(text.slice(0, space)) };
}

function listOf(reply: RedisReply): readonly RedisReply[] {
  return typeof reply === 'object' && reply !== null ? reply : [reply];
}

function unexpected(script: string, reply: RedisReply): BatonError {
  return new BatonError('internal', `${script} answered ${JSON.stringify(reply)}`);
}
