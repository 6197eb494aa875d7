import { expect, it } from '@jest/globals';
import { RedisKeys } from '../../src/redis/keys.js';
import { asSessionId, asTenantId } from '../../src/protocol/ids.js';
import { randomId } from '../../src/lib/random-id.js';
import { A, ann, bob, claimOf, fieldsOf, newSession } from '../support/sessions/claims.js';
import { redisTwin } from '../support/sessions/store-twin.js';
import { withRedisConnection } from '../support/sessions/with-redis-connection.js';

const MINUTE = 60_000;
const ownedMs = 3 * MINUTE;
const page = { limit: 10, after: null };

const redis = withRedisConnection();
const open = () => redisTwin(redis.connection, redis.keyPrefix, { ttlMs: MINUTE, sweepMs: MINUTE });
const someTenant = () => asTenantId(`t${randomId()}`);
const keys = new RedisKeys(redis.keyPrefix);

it('a claim succeeds without its hints, and writes them again the next time', async () => {
  const { store } = open();
  const key = newSession(someTenant());
  const index = keys.tenantSessions(key.tenant);
  await redis.raw.set(index, 'of another type: every script that writes it fails');
  const claim = claimOf(key, 1, A, { create: fieldsOf(Date.now() + MINUTE) });
  expect(await store.claim(claim)).toMatchObject({ kind: 'claimed' });
  await redis.raw.del(index);
  expect(await store.listByTenant(key.tenant, page)).toEqual({ sessions: [], next: null });
  expect((await store.listByUser(key.tenant, ann, page)).sessions).toHaveLength(1);
  await store.claimAll([{ ...claimOf(key, 1, A), user: ann }]);
  expect((await store.listByTenant(key.tenant, page)).sessions).toMatchObject([{ session: key.session }]);
});

it('a hint without a row is not listed, and taken out unless its claim may be under way', async () => {
  const { store } = open();
  const tenant = someTenant();
  const index = keys.tenantSessions(tenant);
  await redis.raw.zadd(
    index,
    Date.now() + ownedMs,
    'young',
    Date.now() + ownedMs - MINUTE,
    'old',
    Date.now() - 1,
    'expired',
  );
  expect(await store.listByTenant(tenant, page)).toEqual({ sessions: [], next: null });
  expect(await redis.raw.zrange(index, '0', '-1')).toEqual(['young']);
});

it('a hint that names a session of another user is not believed', async () => {
  const { store } = open();
  const key = newSession(someTenant());
  await store.claim(claimOf(key, 1, A, { create: fieldsOf(Date.now() + MINUTE) }));
  const index = keys.userSessions(key.tenant, bob);
  await redis.raw.zadd(index, Date.now() + ownedMs - MINUTE, key.session);
  expect((await store.listByUser(key.tenant, bob, page)).sessions).toEqual([]);
  expect(await redis.raw.zcard(index)).toBe(0);
});

it('a hint lives as long as its row may, and its index as long as its youngest hint', async () => {
  const { store } = open();
  const key = newSession(someTenant());
  await store.claim(claimOf(key, 1, A, { create: fieldsOf(Date.now() + MINUTE) }));
  for (const index of [keys.tenantSessions(key.tenant), keys.userSessions(key.tenant, ann)]) {
    const rowMs = await redis.raw.pttl(keys.sessionRow(key.tenant, key.session));
    expect(Math.abs((await redis.raw.pttl(index)) - rowMs)).toBeLessThan(1_000);
    expect(Number(await redis.raw.zscore(index, key.session)) - Date.now()).toBeLessThanOrEqual(ownedMs);
  }
});

it('what has expired is taken out by every write, a part at a time', async () => {
  const { store } = open();
  const key = newSession(someTenant());
  const index = keys.tenantSessions(key.tenant);
  const over = Array.from({ length: 1_500 }, (_, at) => [Date.now() - at, asSessionId(`s${at}`)]).flat();
  await redis.raw.zadd(index, ...over);
  const write = () => store.claimAll([{ ...claimOf(key, 1, A), user: ann }]);
  await write();
  expect(await redis.raw.zcard(index)).toBe(501);
  await write();
  expect(await redis.raw.zcard(index)).toBe(1);
});
