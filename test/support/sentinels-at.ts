import type { HostPort, RedisConfig } from '../../src/config/redis-config.js';
import type { Clock } from '../../src/lib/clock.js';
import { Sentinels } from '../../src/redis/sentinels.js';

/** Asks these sentinels about the master `m`. */
export function sentinelsAt(places: readonly HostPort[], clock: Clock): Sentinels {
  const config: RedisConfig = {
    topology: { kind: 'sentinel', sentinels: places, name: 'm', username: null, passwordFile: null },
    username: null,
    passwordFile: null,
    tls: null,
    keyPrefix: 'b:',
    connectTimeoutMs: 1_000,
    commandTimeoutMs: 1_000,
    durability: { replicas: 0, waitMs: 0 },
  };
  return new Sentinels(config, places, 'm', clock);
}
