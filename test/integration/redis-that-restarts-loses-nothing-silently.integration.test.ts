import { afterEach, expect, it } from '@jest/globals';
import { breaches } from '../support/judge/promise.js';
import { complaintsOf } from '../support/judge/summary.js';
import { PodsOn } from '../support/redis-topologies/pods-on.js';
import type { RedisTopology } from '../support/redis-topologies/topology.js';
import { startTopology } from '../support/redis-topologies/with-topology.js';

let topology: RedisTopology;
let pods: PodsOn;

async function start(args: readonly string[]): Promise<void> {
  topology = await startTopology('single', { args });
  pods = await PodsOn.start(topology);
}
afterEach(async () => {
  await pods.stop();
  await topology.stop();
});

it('a Redis that writes everything to disk first loses nothing when it is killed and comes back', async () => {
  await start(['--appendonly', 'yes', '--appendfsync', 'always']);
  const traffic = await pods.traffic();
  await traffic.flows(100);
  for (let kill = 1; kill <= 2; kill += 1) {
    await (await topology.killMaster('')).start();
    await traffic.flows(100);
  }
  expect(breaches((await traffic.end()).whole, null)).toEqual([]);
});

it('a Redis without a disk comes back empty, and everybody is told', async () => {
  await start([]);
  const traffic = await pods.traffic();
  await traffic.flows(100);
  await (await topology.killMaster('')).start();
  await traffic.flows(100);
  const { whole } = await traffic.end();
  expect(complaintsOf(whole).filter((sentence) => !sentence.startsWith('NOT RESUMED'))).toEqual([]);
  expect(whole.resets).toBeGreaterThan(0);
});
