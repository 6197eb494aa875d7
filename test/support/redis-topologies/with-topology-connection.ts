import { afterAll, beforeAll } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import type { RedisConnection } from '../../../src/redis/redis-connection.js';
import { redisConnection } from '../redis-connection.js';
import { newKeyPrefix, type RedisTopology } from './topology.js';
import { withTopology, type TopologyKind } from './with-topology.js';

export interface ConnectedTopology {
  /** The product's. Throws outside of a test's life, as does `admin`. */
  readonly connection: RedisConnection;
  /** To look at keys behind the product's back, wherever they are. */
  readonly admin: Redis | Cluster;
  readonly keyPrefix: string;
}

/** A topology for the tests of a file (or of a `describe`) and a pod's connection to it. */
export function withTopologyConnection(kind: TopologyKind): ConnectedTopology {
  const topology = withTopology(kind);
  const keyPrefix = newKeyPrefix();
  let opened: { readonly connection: RedisConnection; readonly admin: Redis | Cluster } | undefined;
  beforeAll(async () => {
    const timeouts = { connectTimeoutMs: 2_000, commandTimeoutMs: 5_000, canaryMs: 60_000 };
    opened = {
      connection: redisConnection(topology().config, keyPrefix, timeouts),
      admin: await adminOf(topology()),
    };
    await Promise.all([opened.connection.start(), opened.admin.connect()]);
  });
  afterAll(() => {
    opened?.connection.close();
    opened?.admin.disconnect();
  });
  const connected = () => {
    if (opened === undefined) throw new Error('connected only while tests run: ask in a test or a hook');
    return opened;
  };
  return {
    get connection() {
      return connected().connection;
    },
    get admin() {
      return connected().admin;
    },
    keyPrefix,
  };
}

async function adminOf(topology: RedisTopology): Promise<Redis | Cluster> {
  const { config } = topology;
  // Or the library waits 2 s for a goodbye, and the test's process with it.
  const quick = { lazyConnect: true, disconnectTimeout: 50 };
  if (config.kind === 'cluster') return new Cluster([...config.nodes], { ...quick, redisOptions: quick });
  return new Redis((await topology.masterOf('')).url, { ...quick, retryStrategy: null });
}
