import { BatonError } from '../lib/baton-error.js';
import type { Json } from '../protocol/frames.js';
import type { RedisKeys } from '../redis/keys.js';
import type { RedisCommands } from '../redis/redis-ports.js';
import { listOf, unexpected } from './script-reply.js';
import { checkField, MAX_FIELDS, textOf, tooManyFields } from './session-data.js';
import type { DataField, DeleteResult, PutResult, SessionKey, StoredData } from './session-store.js';

/** The application's data in a session's row: `data:<field>` is `<version> <JSON text>`. It goes with the row. */
export class RedisSessionData {
  constructor(
    private readonly redis: RedisCommands,
    private readonly keys: RedisKeys,
  ) {}

  async get({ tenant, session }: SessionKey, field: string): Promise<StoredData | null> {
    checkField(field);
    const row = this.keys.sessionRow(tenant, session);
    const [owner, stored = null] = await this.redis.fields(row, ['tenant', `data:${field}`]);
    return stored === null || owner !== tenant ? null : storedDataOf(stored);
  }

  async put(key: SessionKey, field: string, value: Json, version: number | null): Promise<PutResult> {
    checkField(field);
    const [kind, stored] = await this.run('session-data', key, [field, textOf(value), version ?? '', MAX_FIELDS]);
    if (kind === 'gone') return { kind };
    if (kind === 'full') throw tooManyFields();
    if (kind === 'stored' || kind === 'conflict') return { kind, version: Number(stored) };
    throw unexpected('session-data', kind);
  }

  async delete(key: SessionKey, field: string, version: number | null): Promise<DeleteResult> {
    checkField(field);
    const [kind, stored] = await this.run('delete-data', key, [field, version ?? '']);
    if (kind === 'gone' || kind === 'deleted') return { kind };
    if (kind === 'conflict') return { kind, version: Number(stored) };
    throw unexpected('delete-data', kind);
  }

  async list(key: SessionKey): Promise<readonly DataField[] | null> {
    const [kind, ...texts] = await this.run('list-data', key, []);
    if (kind === 'gone') return null;
    if (kind !== 'fields') throw unexpected('list-data', kind);
    const fields = texts.flatMap((field, at) =>
      at % 3 === 0 ? [{ field, version: Number(texts[at + 1]), bytes: Number(texts[at + 2]) }] : [],
    );
    return fields.sort((one, other) => (one.field < other.field ? -1 : 1));
  }

  private async run(
    script: 'session-data' | 'delete-data' | 'list-data',
    { tenant, session }: SessionKey,
    args: readonly (string | number)[],
  ): Promise<readonly string[]> {
    const keys = [this.keys.sessionRow(tenant, session)];
    return listOf(await this.redis.run({ script, keys, args: [tenant, ...args] })).map(String);
  }
}

/** `<version> <JSON text>` */
function storedDataOf(text: string): StoredData {
  const space = text.indexOf(' ');
  if (space < 0) throw new BatonError('internal', 'session row: bad data');
  return { value: JSON.parse(text.slice(space + 1)) as Json, version: Number(text.slice(0, space)) };
}
