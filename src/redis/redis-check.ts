import type { Logger } from '../observability/logger.js';
import { millisecondsOf, type RedisClock } from './redis-clock.js';
import type { RedisPair } from './redis-link.js';

/** What the topology expects the server to be. */
export interface ServerExpectation {
  readonly cluster: boolean;
}

/**
 * Whether this server can be worked with; also reads its clock. Rejects while it is loading its data, and when it is a
 * replica or no part of what was configured: a write there would be lost, a read would be of another time.
 */
export async function checkServer(
  { commands }: RedisPair,
  expected: ServerExpectation,
  redisClock: RedisClock,
  logger: Logger,
): Promise<void> {
  const [info, time] = await Promise.all([readInfo(commands.info()), commands.time()]);
  redisClock.observe(millisecondsOf(time));
  if (info === null) {
    logger.warn('redis.unchecked', { reason: 'the ACL forbids INFO: a replica would be noticed at the first write' });
    return;
  }
  if (info.get('loading') === '1') throw new Error('LOADING Redis is loading its data');
  if (info.get('role') !== 'master')
    throw new Error(`this Redis is no master: its role is ${String(info.get('role'))}`);
  const inCluster = info.get('cluster_enabled') === '1';
  if (inCluster !== expected.cluster)
    throw new Error(inCluster ? 'this Redis is a node of a cluster' : 'this Redis is not a node of a cluster');
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  // An evicted log is lost messages, an evicted row a lost session.
  if (policy !== 'noeviction') logger.warn('redis.may-evict', { maxmemoryPolicy: policy, wanted: 'noeviction' });
}

/** null: an ACL may forbid INFO; a server that is loading would refuse everything else. */
export async function readInfo(reply: Promise<string>): Promise<ReadonlyMap<string, string> | null> {
  const text = await reply.catch((error: unknown) => {
    if (error instanceof Error && error.message.startsWith('NOPERM')) return null;
    throw error;
  });
  if (text === null) return null;
  return new Map(
    text.split('\r\n').flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
    }),
  );
}
