import { redisAdmin } from '../test/support/redis-admin.js';

export interface RedisCounters {
  /** Calls of every command since the start, by name; what scripts call counts, too. */
  readonly calls: ReadonlyMap<string, number>;
  /** Bytes. */
  readonly memory: number;
}

/** Looks at a Redis from beside; `close` it. */
export class RedisObserver {
  private readonly redis: ReturnType<typeof redisAdmin>;

  constructor(url: string) {
    this.redis = redisAdmin(url);
  }

  async look(): Promise<RedisCounters> {
    const stats = await this.redis.info('commandstats');
    const calls = new Map<string, number>();
    for (const [, name = '', count] of stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) calls.set(name, Number(count));
    const memory = Number(/^used_memory:(\d+)/m.exec(await this.redis.info('memory'))?.[1]);
    return { calls, memory };
  }

  close(): void {
    this.redis.disconnect();
  }
}

/** What clients of Redis sent, without what scripts did and what the observer asked. */
const SENT = ['evalsha', 'eval', 'spublish', 'time', 'ssubscribe', 'sunsubscribe', 'hmget', 'get', 'exists', 'ping'];
const BY_SCRIPTS = new Set(['spublish', 'time', 'hmget', 'get', 'exists']);

/** Commands that pods sent between two looks. Of those that scripts call as well, all are counted: rather too many. */
export function commandsBetween(before: RedisCounters, after: RedisCounters): Readonly<Record<string, number>> {
  const counts = SENT.map((name) => [name, (after.calls.get(name) ?? 0) - (before.calls.get(name) ?? 0)] as const);
  return Object.fromEntries(counts.filter(([name, count]) => count > 0 && !BY_SCRIPTS.has(name)));
}

export const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
