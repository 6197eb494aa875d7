import type { Settings } from './config.js';
import { usesTls } from './redis-config.js';

export interface Check {
  /** The variables that it is about; it isn't made if one of them is broken. */
  readonly keys: readonly string[];
  /** What is wrong, or null. */
  readonly check: (settings: Settings) => string | null;
}

const placesOf = ({ url, sentinels, clusterNodes }: Settings['redis']): number =>
  [url !== null, sentinels.length > 0, clusterNodes.length > 0].filter(Boolean).length;

/** Settings of Redis that are each possible and together are not. */
export const redisChecks: readonly Check[] = [
  {
    keys: ['BATON_REDIS_URL', 'BATON_REDIS_SENTINELS', 'BATON_REDIS_CLUSTER_NODES'],
    check: ({ redis, storage }) =>
      storage.kind === 'memory' || placesOf(redis) === 1 ? null : 'exactly one of the three must be set',
  },
  {
    keys: ['BATON_STORAGE', 'BATON_REDIS_URL', 'BATON_REDIS_SENTINELS', 'BATON_REDIS_CLUSTER_NODES'],
    check: ({ redis, storage }) =>
      storage.kind === 'memory' && placesOf(redis) > 0 ? 'storage in memory leaves no use for a Redis' : null,
  },
  {
    keys: [
      'BATON_REDIS_SENTINELS',
      'BATON_REDIS_SENTINEL_NAME',
      'BATON_REDIS_SENTINEL_USERNAME',
      'BATON_REDIS_SENTINEL_PASSWORD_FILE',
    ],
    check: ({ redis }) => {
      if (redis.sentinels.length > 0) return redis.sentinelName === null ? 'sentinels need the name of a master' : null;
      const others = [redis.sentinelName, redis.sentinelUsername, redis.sentinelPasswordFile];
      return others.every((value) => value === null) ? null : 'these are for sentinels, and there are none';
    },
  },
  {
    keys: [
      'BATON_REDIS_TLS',
      'BATON_REDIS_TLS_CA_FILE',
      'BATON_REDIS_TLS_CERT_FILE',
      'BATON_REDIS_TLS_KEY_FILE',
      'BATON_REDIS_TLS_SERVER_NAME',
    ],
    check: ({ redis }) => {
      if (usesTls(redis)) return null;
      const others = [redis.tlsCaFile, redis.tlsCertFile, redis.tlsKeyFile, redis.tlsServerName];
      return others.every((value) => value === null) ? null : 'these are for TLS, which is off';
    },
  },
  {
    keys: ['BATON_REDIS_TLS_CERT_FILE', 'BATON_REDIS_TLS_KEY_FILE'],
    check: ({ redis }) =>
      (redis.tlsCertFile === null) === (redis.tlsKeyFile === null) ? null : 'both must be set, or neither',
  },
  {
    keys: ['BATON_REDIS_REPLICA_WAIT_MS', 'BATON_APPEND_DEADLINE_MS'],
    check: ({ redis, streams }) =>
      redis.durability === 'memory' || redis.replicaWaitMs < streams.appendDeadlineMs
        ? null
        : 'the wait for replicas must be below the append deadline: no append could be repeated',
  },
];
