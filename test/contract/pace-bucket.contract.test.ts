import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MemoryPaceBucket } from '../../src/draining/memory-pace-bucket.js';
import type { PaceBucket } from '../../src/draining/pace.js';
import { RedisPaceBucket } from '../../src/draining/redis-pace-bucket.js';
import { systemClock } from '../../src/lib/clock.js';
import { RedisKeys } from '../../src/redis/keys.js';
import type { RedisConnection } from '../../src/redis/redis-connection.js';
import { redisConnection } from '../support/redis-connection.js';
import { withRedis } from '../support/with-redis.js';

/** `bucketOf` gives a full bucket that nobody else uses, as many drainers as asked for share it. */
function pacesAllDrainers(bucketOf: (drainers: number) => readonly PaceBucket[]): void {
  const bucket = () => {
    const [only] = bucketOf(1);
    if (!only) throw new Error('one bucket was asked for');
    return only;
  };

  it('grants what is wanted while there is enough', async () => {
    expect(await bucket().take(5, 100)).toBe(5);
  });
  it('grants nothing where nothing is wanted', async () => {
    expect(await bucket().take(0, 100)).toBe(0);
  });
  it('grants at most two ticks at once, however long it was not asked', async () => {
    expect(await bucket().take(1_000, 100)).toBe(20);
  });
  it('grants one at a time where less than one comes in within two ticks', async () => {
    const slow = bucket();
    expect(await slow.take(10, 1)).toBe(1);
    expect(await slow.take(10, 1)).toBe(0);
  });

  it('gives all drainers together what comes in, and no more', async () => {
    const perSecond = 500;
    const drainers = bucketOf(3);
    const beganMs = performance.now();
    let granted = 0;
    while (performance.now() - beganMs < 600)
      for (const drainer of drainers) granted += await drainer.take(7, perSecond);
    const tookMs = performance.now() - beganMs;
    expect(granted).toBeLessThanOrEqual(perSecond * 0.2 + (perSecond * tookMs) / 1000 + 1);
    expect(granted).toBeGreaterThan(perSecond * 0.5);
  });
}

describe('the pace in memory', () => {
  pacesAllDrainers((drainers) => Array<PaceBucket>(drainers).fill(new MemoryPaceBucket(systemClock)));
});

describe('the pace in Redis', () => {
  const redis = withRedis();
  let connection: RedisConnection;
  beforeAll(async () => {
    connection = redisConnection(redis.url, redis.keyPrefix());
    await connection.start();
  });
  afterAll(() => {
    connection.close();
  });
  pacesAllDrainers((drainers) => {
    const keys = new RedisKeys(redis.keyPrefix());
    return Array.from({ length: drainers }, () => new RedisPaceBucket(connection.commands, keys));
  });
});
