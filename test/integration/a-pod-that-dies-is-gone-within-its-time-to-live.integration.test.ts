import { afterEach, describe, expect, it } from '@jest/globals';
import { BeatingFleet } from '../../src/fleet/beating-fleet.js';
import { RedisFleetTable } from '../../src/fleet/redis-fleet-table.js';
import { systemClock } from '../../src/lib/clock.js';
import { randomId } from '../../src/lib/random-id.js';
import { asPodId } from '../../src/protocol/ids.js';
import { RedisKeys } from '../../src/redis/keys.js';
import type { RedisConnection } from '../../src/redis/redis-connection.js';
import { eventually } from '../support/eventually.js';
import { redisConnection } from '../support/redis-connection.js';
import { startRedisServer } from '../support/redis-server.js';
import { silentLogger } from '../support/silent-logger.js';
import { withRedis } from '../support/with-redis.js';

const BEAT = 100;
const TTL = 500;

interface Pod {
  readonly fleet: BeatingFleet;
  readonly connection: RedisConnection;
}

const pods: Pod[] = [];
afterEach(async () => {
  for (const { fleet, connection } of pods.splice(0)) {
    await fleet.leave();
    connection.close();
  }
});

async function startPod(url: string, keyPrefix: string, name: string, workload = 'shop/baton'): Promise<Pod> {
  const connection = redisConnection(url, keyPrefix);
  await connection.start();
  const pod = asPodId(randomId());
  const table = new RedisFleetTable(connection.commands, new RedisKeys(keyPrefix), pod, TTL);
  const identity = {
    pod,
    name,
    workload,
    revision: 'one',
    capacity: 10,
    url: null,
    probeUrl: null,
    protocols: ['baton.v1'],
  };
  const fleet = new BeatingFleet(table, { identity, beatMs: BEAT }, systemClock, silentLogger);
  const started = { fleet, connection };
  pods.push(started);
  await fleet.start();
  return started;
}

const seenBy = ({ fleet }: Pod) =>
  fleet
    .peers()
    .map((row) => `${row.name} ${row.state} ${row.connections}`)
    .sort();

describe('two pods', () => {
  const redis = withRedis();

  it('see each other, how they are and what they have', async () => {
    const keyPrefix = redis.keyPrefix();
    const a = await startPod(redis.url, keyPrefix, 'a');
    const b = await startPod(redis.url, keyPrefix, 'b');
    await startPod(redis.url, keyPrefix, 'stranger', 'other/baton');
    b.fleet.countConnections(() => 7);
    await a.fleet.announce('serving');
    await b.fleet.announce('serving');
    expect(seenBy(b)).toEqual(['a serving 0']);
    await eventually('the next beat to show the other', () => seenBy(a).join() === 'b serving 7');
    expect(a.fleet.peers()[0]?.readySinceMs).toBeGreaterThan(0);
    expect(a.fleet.peers()[0]?.startedAtMs).toBeGreaterThanOrEqual(a.fleet.self.startedAtMs);
    expect(await a.fleet.find(b.fleet.self.pod)).toMatchObject({ name: b.fleet.self.name });
  });

  it('hear at once of a drain when they read, and of a leave', async () => {
    const keyPrefix = redis.keyPrefix();
    const a = await startPod(redis.url, keyPrefix, 'a');
    const b = await startPod(redis.url, keyPrefix, 'b');
    await b.fleet.announce('draining');
    await a.fleet.announce('serving');
    expect(seenBy(a)).toEqual(['b draining 0']);
    await b.fleet.leave();
    await a.fleet.announce('serving');
    expect(seenBy(a)).toEqual([]);
    expect(await a.fleet.find(b.fleet.self.pod)).toBeNull();
  });

  it('forget the one that dies within its time to live', async () => {
    const keyPrefix = redis.keyPrefix();
    const a = await startPod(redis.url, keyPrefix, 'a');
    const b = await startPod(redis.url, keyPrefix, 'b');
    await a.fleet.announce('serving');
    expect(seenBy(a)).toEqual(['b starting 0']);
    const dead = b.fleet.self.pod;
    b.connection.close();
    const diedMs = performance.now();
    await eventually('the dead pod to be gone', () => seenBy(a).length === 0);
    expect(performance.now() - diedMs).toBeLessThan(TTL + 5 * BEAT);
    expect(await a.fleet.find(dead)).toBeNull();
  });

  it('keep the start of a pod whose process restarted', async () => {
    const keyPrefix = redis.keyPrefix();
    const first = await startPod(redis.url, keyPrefix, 'a');
    first.connection.close();
    const second = await startPod(redis.url, keyPrefix, 'a');
    expect(second.fleet.self.startedAtMs).toBe(first.fleet.self.startedAtMs);
    expect(second.fleet.self.pod).not.toBe(first.fleet.self.pod);
  });
});

describe('a pod that loses Redis', () => {
  it('keeps what it last saw, says that it is stale, and recovers by itself', async () => {
    const server = await startRedisServer({ alwaysOwn: true });
    const a = await startPod(server.url, 'test:', 'a');
    await startPod(server.url, 'test:', 'b');
    await eventually('the pods to see each other', () => seenBy(a).length === 1);
    expect(a.fleet.stale).toBe(false);
    await server.kill();
    await eventually('a beat to fail', () => a.fleet.stale);
    expect(seenBy(a)).toEqual(['b starting 0']);
    await expect(a.fleet.find(asPodId('whoever'))).rejects.toMatchObject({ code: 'unavailable' });
    await a.fleet.announce('draining');
    const again = await startRedisServer({ alwaysOwn: true, port: server.port });
    await eventually('the next beat to come through', () => !a.fleet.stale && seenBy(a).length === 1);
    expect(a.fleet.self.state).toBe('draining');
    for (const { fleet } of pods) await fleet.leave();
    await again.stop();
  });

  it('starts without it, and joins when it comes', async () => {
    const server = await startRedisServer({ alwaysOwn: true });
    await server.kill();
    const a = await startPod(server.url, 'test:', 'a');
    await a.fleet.announce('serving');
    expect(a.fleet.stale).toBe(true);
    const again = await startRedisServer({ alwaysOwn: true, port: server.port });
    await eventually('the first beat to come through', () => !a.fleet.stale);
    expect(a.fleet.self.readySinceMs).toBeGreaterThan(0);
    for (const { fleet } of pods) await fleet.leave();
    await again.stop();
  });
});
