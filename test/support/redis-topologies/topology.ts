import { randomBytes } from 'node:crypto';
import type { RedisNode } from './redis-node.js';

/** `redis.topology` of the configuration. */
type TopologyConfig =
  | { readonly kind: 'single'; readonly url: string }
  | {
      readonly kind: 'sentinel';
      readonly sentinels: readonly HostAndPort[];
      readonly name: string;
      readonly username: string | null;
      readonly passwordFile: string | null;
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly HostAndPort[] };

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** Real servers on the loopback interface that end with the test. Each command of an operator goes to one node's `admin`. */
export interface RedisTopology {
  readonly kind: TopologyConfig['kind'];
  readonly config: TopologyConfig;
  /** The BATON_REDIS_* variables by which a pod finds it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Servers with data: masters and replicas (not sentinels). */
  readonly nodes: readonly RedisNode[];
  /** Who has the key's slot now, as a majority of those who decide it say. Not who could answer. */
  masterOf(key: string): Promise<RedisNode>;
  /** All masters of now. */
  masters(): Promise<readonly RedisNode[]>;
  /** SIGKILL to the key's master, which is returned: `start()` brings it back. */
  killMaster(key: string): Promise<RedisNode>;
  /** SIGSTOP to the key's master, which is returned: `resume()` brings it back. */
  pauseMaster(key: string): Promise<RedisNode>;
  /** Stops this master's replicas and its connections to them, which are returned: what it writes now dies with it. */
  cutReplicas(master: RedisNode): Promise<readonly RedisNode[]>;
  /** The operator's way (SENTINEL FAILOVER, CLUSTER FAILOVER), with every server alive; resolves to the key's old master. */
  failOver(key: string): Promise<RedisNode>;
  /** Resolves to the master that has replaced this one for the key; as `failOver`, it throws on a single server, which has no other. */
  waitForPromotion(key: string, instead: RedisNode): Promise<RedisNode>;
  stop(): Promise<void>;
}

export interface TopologyOptions {
  /** More of each server's arguments, such as `['--appendonly', 'yes']`. */
  readonly args?: readonly string[];
}

/** What masters of every kind have in common. */
export function masterFaults(
  masterOf: (key: string) => Promise<RedisNode>,
): Pick<RedisTopology, 'masterOf' | 'killMaster' | 'pauseMaster'> {
  return {
    masterOf,
    async killMaster(key) {
      const master = await masterOf(key);
      await master.kill();
      return master;
    },
    async pauseMaster(key) {
      const master = await masterOf(key);
      master.pause();
      return master;
    },
  };
}

/** A prefix that no other test uses; it ends in a colon. */
export const newKeyPrefix = (): string => `test-${randomBytes(6).toString('hex')}:`;

export async function cut(master: RedisNode, replicas: readonly RedisNode[]): Promise<readonly RedisNode[]> {
  for (const replica of replicas) replica.pause();
  // What is in its sockets already would be read when the replica goes on.
  await master.admin.call('CLIENT', 'KILL', 'TYPE', 'replica');
  return replicas;
}

/** What a single server says to those who want another. */
export const nobodyElse = {
  cutReplicas: () => Promise.resolve([]),
  failOver: () => Promise.reject(new Error('a single server has nobody to replace it')),
  waitForPromotion: () => Promise.reject(new Error('a single server has nobody to replace it')),
} as const;

export const hostAndPort = (port: number): HostAndPort => ({ host: '127.0.0.1', port });
export const listOf = (ports: readonly number[]): string => ports.map((port) => `127.0.0.1:${port}`).join(',');
