import { Redis } from 'ioredis';
import type { RedisConnection } from '../../../src/redis/redis-connection.js';
import { redisConnection } from '../redis-connection.js';
import { whileTestsRun } from '../while-tests-run.js';
import { withRedis } from '../with-redis.js';

/** Long enough for a busy machine; a test that needs short ones makes its own connection. */
export const patientConnection = { connectTimeoutMs: 2_000, commandTimeoutMs: 5_000, canaryMs: 60_000 } as const;

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
  const opened = whileTestsRun(
    async () => {
      const connection = redisConnection(redis.url, keyPrefix, patientConnection);
      // Or the library waits 2 s for a goodbye, and the test's process with it.
      const raw = new Redis(redis.url, { lazyConnect: true, disconnectTimeout: 50, retryStrategy: null });
      await Promise.all([connection.start(), raw.connect()]);
      return { connection, raw };
    },
    ({ connection, raw }) => {
      connection.close();
      raw.disconnect();
    },
  );
  return {
    get connection() {
      return opened().connection;
    },
    get raw() {
      return opened().raw;
    },
    keyPrefix,
  };
}
