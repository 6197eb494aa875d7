import { afterEach, expect, it } from '@jest/globals';
import { breaches } from '../support/judge/promise.js';
import { PodsOn } from '../support/redis-topologies/pods-on.js';
import type { RedisTopology } from '../support/redis-topologies/topology.js';
import { startTopology, TOPOLOGIES } from '../support/redis-topologies/with-topology.js';

let topology: RedisTopology | undefined;
let pods: PodsOn | undefined;

afterEach(async () => {
  await pods?.stop();
  await topology?.stop();
});

it.each(TOPOLOGIES)('exactly once and in order, while everybody publishes (%s)', async (kind) => {
  topology = await startTopology(kind);
  pods = await PodsOn.start(topology);
  const traffic = await pods.traffic();
  await traffic.flows(50);
  const moved = pods.moveAll(0, 1);
  expect(moved).toBe(4);
  await traffic.flows(50);
  expect(pods.moveAll(1, 0)).toBe(8);
  await traffic.flows(50);
  const { whole } = await traffic.end();
  expect(breaches(whole, { mean: 1.5, max: 2, longestDelayMs: null })).toEqual([]);
  expect(traffic.connects).toBe(8 + 4 + 8);
});
