import { afterAll, beforeAll } from '@jest/globals';
import { Redis } from 'ioredis';
import type { RedisConnection } from '../../../src/redis/redis-connection.js';
import { redisConnection } from '../redis-connection.js';
import { withRedis } from '../with-redis.js';

export interface ConnectedRedis {
  /** Throws outside of a test's life. */
  readonly connection: RedisConnection;
  /** To look at keys behind the product's back. */
  readonly raw: Redis;
  readonly keyPrefix: string;
}

/** A pod's connection to a Redis of the tests of a file, and a key prefix for them. */
export function withRedisConnection(): ConnectedRedis {
  const redis = withRedis();
  const keyPrefix = redis.keyPrefix();
  let opened: { readonly connection: RedisConnection; readonly raw: Redis } | undefined;
  beforeAll(async () => {
    const timeouts = { connectTimeoutMs: 2_000, commandTimeoutMs: 5_000, canaryMs: 60_000 };
    opened = {
      connection: redisConnection(redis.url, keyPrefix, timeouts),
      // Or the library waits 2 s for a goodbye, and the test's process with it.
      raw: new Redis(redis.url, { lazyConnect: true, disconnectTimeout: 50, retryStrategy: null }),
    };
    await Promise.all([opened.connection.start(), opened.raw.connect()]);
  });
  afterAll(() => {
    opened?.connection.close();
    opened?.raw.disconnect();
  });
  const connected = () => {
    if (opened === undefined) throw new Error('connected only while tests run: ask in a test or a hook');
    return opened;
  };
  return {
    get connection() {
      return connected().connection;
    },
    get raw() {
      return connected().raw;
    },
    keyPrefix,
  };
}
