import { describe, expect, it } from '@jest/globals';
import { connectRedis } from '../support/redis-connection.js';
import { A, ann, claimOf, fieldsOf, newSession } from '../support/sessions/claims.js';
import { redisTwin } from '../support/sessions/store-twin.js';
import { startRedisServer } from '../support/redis-server.js';

describe('sessions while Redis is away', () => {
  it('are unavailable, in every call, and neither gone nor ended', async () => {
    const server = await startRedisServer({ alwaysOwn: true });
    const timeouts = { connectTimeoutMs: 500, commandTimeoutMs: 500, canaryMs: 60_000 };
    const connection = await connectRedis(server.url, 'b:', timeouts);
    try {
      const { store, events } = redisTwin(connection, 'b:', { ttlMs: 60_000, sweepMs: 60_000 });
      const key = newSession();
      const claim = claimOf(key, 1, A, { create: fieldsOf(Date.now() + 60_000) });
      expect(await store.claim(claim)).toMatchObject({ kind: 'claimed' });
      await server.kill();
      const calls = [
        () => store.claim(claim),
        () => store.detach(key, 1, A),
        () => store.end(key),
        () => store.get(key),
        () => store.getData(key, 'cart'),
        () => store.putData(key, 'cart', 1, null),
        () => store.deleteData(key, 'cart', null),
        () => store.listData(key),
        () => store.listByUser(key.tenant, ann, { limit: 10, after: null }),
        () => store.listByTenant(key.tenant, { limit: 10, after: null }),
        () => events.listen(key, () => undefined),
      ];
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'unavailable' });
      const results = await store.claimAll([claim, claim]);
      for (const result of results)
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    } finally {
      connection.close();
      await server.stop();
    }
  });
});
