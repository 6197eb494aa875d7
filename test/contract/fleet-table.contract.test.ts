import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FleetTable } from '../../src/fleet/fleet-table.js';
import { MemoryFleetTable } from '../../src/fleet/memory-fleet-table.js';
import { RedisFleetTable } from '../../src/fleet/redis-fleet-table.js';
import { systemClock } from '../../src/lib/clock.js';
import { asPodId } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/redis-connection.js';
import { RedisKeys } from '../../src/redis/keys.js';
import { eventually } from '../support/eventually.js';
import { podRow } from '../support/pod-rows.js';
import { redisConnection } from '../support/redis-connection.js';
import { withRedis } from '../support/with-redis.js';

/** Short, so that a death is seen within a test. */
const TTL = 300;

/** `tableOf` gives the same fleet to every pod of one `describe`. */
function keepsTheFleet(tableOf: (pod: string) => FleetTable): void {
  const names = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name).sort();
  const x = podRow('x', { connections: 3, url: 'wss://x', readySinceMs: null });
  const y = podRow('y', { state: 'draining', workload: 'other/baton' });

  it('shows nobody before the first beat', async () => {
    expect((await tableOf('x').beat(null)).rows).toEqual([]);
    expect(await tableOf('x').find(asPodId('x'))).toBeNull();
  });

  it('shows every pod that beats to every other, whole, in the same round trip', async () => {
    await tableOf('x').beat(x);
    const { rows } = await tableOf('y').beat(y);
    expect(rows.toSorted((a, b) => (a.pod < b.pod ? -1 : 1))).toEqual([x, y]);
    expect(await tableOf('x').find(asPodId('y'))).toEqual(y);
  });

  it('shows what the last beat said', async () => {
    await tableOf('x').beat(x);
    await tableOf('x').beat({ ...x, connections: 7 });
    const { rows } = await tableOf('y').beat(null);
    expect(rows.find((row) => row.name === 'x')?.connections).toBe(7);
  });

  it('only reads without a row', async () => {
    await tableOf('z').beat(null);
    expect(await tableOf('z').find(asPodId('z'))).toBeNull();
  });

  it('tells its own time, which passes', async () => {
    const first = (await tableOf('x').beat(null)).timeMs;
    expect(Math.abs(first - Date.now())).toBeLessThan(5_000);
    await eventually('its time to pass', async () => (await tableOf('x').beat(null)).timeMs > first);
  });

  it('forgets at once who leaves, twice too', async () => {
    await tableOf('x').beat(x);
    await tableOf('x').leave(asPodId('x'));
    await tableOf('x').leave(asPodId('x'));
    expect(names((await tableOf('y').beat(y)).rows)).toEqual(['y']);
    expect(await tableOf('y').find(asPodId('x'))).toBeNull();
  });

  it('forgets who beats no more when the time to live is over, and knows it again when it is back', async () => {
    await tableOf('x').beat(x);
    await eventually('the dead pod to be forgotten', async () => {
      const { rows } = await tableOf('y').beat(y);
      return names(rows).join() === 'y' && (await tableOf('y').find(asPodId('x'))) === null;
    });
    await tableOf('x').beat(x);
    expect(names((await tableOf('y').beat(y)).rows)).toEqual(['x', 'y']);
  });
}

describe('the fleet in memory', () => {
  const table = new MemoryFleetTable(systemClock, TTL);
  keepsTheFleet(() => table);
});

describe('the fleet in Redis', () => {
  const redis = withRedis();
  const keyPrefix = redis.keyPrefix();
  const keys = new RedisKeys(keyPrefix);
  let connection: RedisConnection;
  beforeAll(async () => {
    connection = redisConnection(redis.url, keyPrefix);
    await connection.start();
  });
  afterAll(() => {
    connection.close();
  });
  keepsTheFleet((pod) => new RedisFleetTable(connection.commands, keys, asPodId(pod), TTL));
});
