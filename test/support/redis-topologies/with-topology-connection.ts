import { Cluster, Redis } from 'ioredis';
import type { RedisConnection } from '../../../src/redis/redis-connection.js';
import { redisConnection } from '../redis-connection.js';
import { patientConnection } from '../sessions/with-redis-connection.js';
import { whileTestsRun } from '../while-tests-run.js';
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
  const opened = whileTestsRun(
    async () => {
      const connection = redisConnection(topology().config, keyPrefix, patientConnection);
      const admin = await adminOf(topology());
      await Promise.all([connection.start(), admin.connect()]);
      return { connection, admin };
    },
    ({ connection, admin }) => {
      connection.close();
      admin.disconnect();
    },
  );
  return {
    get connection() {
      return opened().connection;
    },
    get admin() {
      return opened().admin;
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
