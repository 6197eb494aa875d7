import type { RedisTopology } from '../../src/config/config.js';
import { systemClock, type Clock } from '../../src/lib/clock.js';
import type { Logger } from '../../src/observability/logger.js';
import { RedisConnection, type RedisConnectionConfig } from '../../src/redis/redis-connection.js';
import { silentLogger } from './silent-logger.js';

export interface ConnectionExtras extends Partial<RedisConnectionConfig> {
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** A pod's access to Redis with short deadlines, to a single server at a URL or to any topology; not started. */
export function redisConnection(
  where: string | RedisTopology,
  keyPrefix: string,
  { clock = systemClock, logger = silentLogger, ...more }: ConnectionExtras = {},
): RedisConnection {
  const config: RedisConnectionConfig = {
    topology: typeof where === 'string' ? { kind: 'single', url: where } : where,
    username: null,
    passwordFile: null,
    tls: null,
    keyPrefix,
    connectTimeoutMs: 1_000,
    commandTimeoutMs: 1_000,
    durability: { replicas: 0, waitMs: 1_000 },
    canaryMs: 2_000,
    ...more,
  };
  return new RedisConnection(config, clock, logger);
}

/** The same, started: resolves when the first try to reach Redis has ended. Close it. */
export async function connectRedis(
  where: string | RedisTopology,
  keyPrefix: string,
  more: ConnectionExtras = {},
): Promise<RedisConnection> {
  const connection = redisConnection(where, keyPrefix, more);
  await connection.start();
  return connection;
}
