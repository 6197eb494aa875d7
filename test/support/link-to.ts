import type { HostPort } from '../../src/config/redis-config.js';
import type { Clock } from '../../src/lib/clock.js';
import { RedisLink } from '../../src/redis/redis-link.js';
import { silentLogger } from './silent-logger.js';

/** Connections to one server; not started. Close it. */
export function linkTo(place: HostPort, clock: Clock, replicas = 0): RedisLink {
  const config = {
    topology: { kind: 'single', url: `redis://${place.host}:${place.port}` },
    username: null,
    passwordFile: null,
    tls: null,
    keyPrefix: 'b:',
    connectTimeoutMs: 1_000,
    commandTimeoutMs: 1_000,
    durability: { replicas, waitMs: 100 },
  } as const;
  return new RedisLink(config, () => Promise.resolve(place), clock, silentLogger);
}
