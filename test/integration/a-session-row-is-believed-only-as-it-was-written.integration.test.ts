import { beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionsConfig } from '../../src/config/config.js';
import { RedisKeys } from '../../src/redis/keys.js';
import type { SessionEvent, SessionKey } from '../../src/sessions/session-store.js';
import { A, ann, B, claimOf, fieldsOf, newSession, umbrella } from '../support/sessions/claims.js';
import { redisTwin, type StoreTwin } from '../support/sessions/store-twin.js';
import { withRedisConnection } from '../support/sessions/with-redis-connection.js';

const config: SessionsConfig = { ttlMs: 100_000, sweepMs: 10_000 };

describe('a session in Redis', () => {
  const redis = withRedisConnection();
  let twin: StoreTwin;
  let key: SessionKey;
  let rowKey: string;
  const keys = new RedisKeys(redis.keyPrefix);
  const rowKeyOf = ({ tenant, session }: SessionKey): string => keys.sessionRow(tenant, session);

  beforeEach(async () => {
    twin = redisTwin(redis.connection, redis.keyPrefix, config);
    key = newSession();
    rowKey = rowKeyOf(key);
    await twin.store.claim(claimOf(key, 1, A, { create: fieldsOf(twin.nowMs() + 60_000) }));
  });

  it('is one hash, whose fields are these', async () => {
    await twin.store.putData(key, 'cart', ['book'], 0);
    await twin.store.detach(key, 1, A);
    const row = await redis.raw.hgetall(rowKey);
    expect(row).toEqual({
      schema: '1',
      tenant: 'acme',
      user: 'ann',
      grants: '[{"stream":"channel:room","can":["subscribe"]}]',
      expires: expect.stringMatching(/^\d{13}$/) as unknown,
      attempt: '1',
      connection: 'A',
      pod: 'pod-A',
      detached: '1',
      created: expect.stringMatching(/^\d{13}$/) as unknown,
      moved: row['created'],
      'data:cart': '1 ["book"]',
    });
    expect(await redis.raw.keys(`${redis.keyPrefix}*${key.session}*`)).toEqual([rowKey]);
  });

  it('lives for its TTL and two sweeps while owned, for its TTL while detached, and data changes neither', async () => {
    const leftMs = async (): Promise<number> => Math.ceil((await redis.raw.pttl(rowKey)) / 10_000) * 10_000;
    expect(await leftMs()).toBe(120_000);
    await twin.store.detach(key, 1, A);
    expect(await leftMs()).toBe(100_000);
    await twin.store.putData(key, 'cart', 1, null);
    expect(await leftMs()).toBe(100_000);
    await twin.store.claim(claimOf(key, 1, B));
    expect(await leftMs()).toBe(100_000);
    await twin.store.claim(claimOf(key, 2, B));
    expect(await leftMs()).toBe(120_000);
  });

  it('that lies under a key of another tenant is not there', async () => {
    await twin.store.putData(key, 'cart', 'ours', 0);
    const foreign = { tenant: umbrella, session: key.session };
    await redis.raw.copy(rowKey, rowKeyOf(foreign));
    const before = await redis.raw.hgetall(rowKeyOf(foreign));
    expect([
      await twin.store.get(foreign),
      await twin.store.claim(claimOf(foreign, 2, B)),
      await twin.store.claim(claimOf(foreign, 1, A, { create: fieldsOf(twin.nowMs() + 60_000) })),
      await twin.store.detach(foreign, 1, A),
      await twin.store.end(foreign),
      await twin.store.getData(foreign, 'cart'),
      await twin.store.putData(foreign, 'cart', 'theirs', null),
    ]).toEqual([null, { kind: 'gone' }, { kind: 'gone' }, false, false, null, { kind: 'gone' }]);
    expect(await redis.raw.hgetall(rowKeyOf(foreign))).toEqual(before);
    await redis.raw.del(rowKeyOf(foreign));
  });

  it('of a schema that this version does not know is left as it is, and is not called gone', async () => {
    await redis.raw.hset(rowKey, 'schema', '2');
    const before = await redis.raw.hgetall(rowKey);
    const says = { code: 'internal', message: 'session row has schema 2, this pod understands 1' };
    await expect(twin.store.get(key)).rejects.toMatchObject(says);
    await expect(twin.store.claim(claimOf(key, 2, B))).rejects.toMatchObject(says);
    const [swept] = await twin.store.claimAll([claimOf(key, 2, B)]);
    expect(swept).toMatchObject({ status: 'rejected', reason: says });
    expect(await redis.raw.hgetall(rowKey)).toEqual(before);
  });

  const damages = { user: 'a}b', grants: '[', expires: 'soon', attempt: '1.5', connection: '', created: '' };
  it.each(Object.entries(damages))('with a damaged field %s is an error, and not gone', async (field, value) => {
    await redis.raw.hset(rowKey, field, value);
    await expect(twin.store.get(key)).rejects.toMatchObject({
      code: 'internal',
      message: `session row: bad field ${field}`,
    });
  });

  it('is found again by a Redis that has forgotten its scripts', async () => {
    await redis.raw.script('FLUSH');
    expect(await twin.store.claim(claimOf(key, 2, B))).toMatchObject({ kind: 'claimed', row: { user: ann } });
  });

  it('tells of claims and its end on the channel of its stream, whose entries it leaves to others', async () => {
    const heard: SessionEvent[] = [];
    const unlisten = await twin.events.listen(key, (event) => heard.push(event));
    const live = keys.sessionLive(key.tenant, key.session);
    const others = ['e1 2 c 3', 'ex', '', 'c', 'c 1', 'c x A', 'c 1 A B', 'c 1 A\n', 'C 1 A', 'xx', 'z'];
    for (const message of [...others, 'c 9007199254740991 A', 'x']) await redis.raw.spublish(live, message);
    await twin.waitFor('what was published last', () => heard.at(-1)?.kind === 'ended');
    expect(heard).toEqual([{ kind: 'claimed', attempt: Number.MAX_SAFE_INTEGER, connection: 'A' }, { kind: 'ended' }]);
    unlisten();
    await twin.waitFor('nobody to listen any more', async () => (await redis.raw.pubsub('SHARDNUMSUB', live))[1] === 0);
  });
});
