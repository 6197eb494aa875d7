import { systemClock } from '../../src/lib/clock.js';
import { RedisConnection } from '../../src/redis/redis-connection.js';
import { silentLogger } from './silent-logger.js';

/** A pod's access to Redis with short deadlines; not started. */
export function redisConnection(url: string, keyPrefix: string): RedisConnection {
  const config = {
    url,
    keyPrefix,
    passwordFile: null,
    connectTimeoutMs: 1_000,
    commandTimeoutMs: 1_000,
    canaryMs: 2_000,
  };
  return new RedisConnection(config, systemClock, silentLogger);
}
