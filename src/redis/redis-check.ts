import type { Logger } from '../observability/logger.js';
import { millisecondsOf, type RedisClock } from './redis-clock.js';
import type { RedisPair } from './redis-link.js';

/** Whether this server can be worked with; also reads its clock. Rejects while it is loading its data. */
export async function checkServer({ commands }: RedisPair, redisClock: RedisClock, logger: Logger): Promise<void> {
  const [info, time] = await Promise.all([readInfo(commands.info()), commands.time()]);
  if (info?.get('loading') === '1') throw new Error('LOADING Redis is loading its data');
  redisClock.observe(millisecondsOf(time));
  const policy = info?.get('maxmemory_policy') ?? 'unknown';
  // An evicted log is lost messages, an evicted row a lost session.
  if (policy !== 'noeviction') logger.warn('redis.may-evict', { maxmemoryPolicy: policy, wanted: 'noeviction' });
}

/** null: an ACL may forbid INFO; a server that is loading would refuse everything else. */
async function readInfo(reply: Promise<string>): Promise<ReadonlyMap<string, string> | null> {
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
