import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { breaches, breachesInPhases } from '../support/judge/promise.js';
import { complaintsOf } from '../support/judge/summary.js';
import { PodsOn } from '../support/redis-topologies/pods-on.js';
import { idsInLogs } from '../support/redis-topologies/read-logs.js';
import { infoOf } from '../support/redis-topologies/redis-node.js';
import type { RedisTopology } from '../support/redis-topologies/topology.js';
import { startTopology, type TopologyKind } from '../support/redis-topologies/with-topology.js';

const FAILED_OVER = 'failed over';
const kinds: readonly TopologyKind[] = ['sentinel', 'cluster'];
let topology: RedisTopology;
let pods: PodsOn;

async function start(kind: TopologyKind, more: Readonly<Record<string, string>> = {}): Promise<void> {
  topology = await startTopology(kind);
  pods = await PodsOn.start(topology, more);
}
afterEach(async () => {
  await pods.stop();
  await topology.stop();
});

/** A key of the room in which most is said. */
const roomKey = () => `${pods.keyPrefix}{acme/c/room-0}:log`;

describe.each(kinds)('with a %s whose acknowledgements mean one master,', (kind) => {
  it('a killed master takes nothing with it that somebody is not told of', async () => {
    await start(kind);
    const traffic = await pods.traffic();
    await traffic.flows(50);
    traffic.begin(FAILED_OVER);
    const killed = await topology.masterOf(roomKey());
    const lagging = await topology.cutReplicas(killed);
    await traffic.flows(50);
    await killed.kill();
    for (const replica of lagging) replica.resume();
    await topology.waitForPromotion(roomKey(), killed);
    await traffic.flowsAgain(50);
    traffic.rewound();
    traffic.begin('afterwards');
    await killed.start();
    await traffic.flows(50);
    const judgement = await traffic.end();
    expect(breachesInPhases(judgement, new Set([FAILED_OVER]))).toEqual([]);
    expect(judgement.whole.lostByRedis).toBeGreaterThan(0);
  });

  it('a paused master takes no write once it has been replaced', async () => {
    await start(kind);
    const traffic = await pods.traffic();
    await traffic.flows(100);
    traffic.begin(FAILED_OVER);
    const paused = await topology.pauseMaster(roomKey());
    await topology.waitForPromotion(roomKey(), paused);
    // What was sent to it meanwhile is in its sockets.
    paused.resume();
    await traffic.flowsAgain(100);
    traffic.rewound();
    traffic.begin('afterwards');
    await eventually('the old master to follow', async () => (await infoOf(paused, 'role')) === 'slave', {
      withinMs: 10_000,
    });
    await traffic.flows(20);
    expect(breachesInPhases(await traffic.end(), new Set([FAILED_OVER]))).toEqual([]);
  });
});

it('a Cluster that is told to fail over loses nothing at all', async () => {
  await start('cluster');
  const traffic = await pods.traffic();
  await traffic.flows(50);
  await topology.waitForPromotion(roomKey(), await topology.failOver(roomKey()));
  await traffic.flows(50);
  expect(breaches((await traffic.end()).whole, null)).toEqual([]);
});

it('a Sentinel set that is told to fail over says what it lost, and loses no more once it has', async () => {
  await start('sentinel');
  const traffic = await pods.traffic();
  await traffic.flows(50);
  traffic.begin(FAILED_OVER);
  await topology.waitForPromotion(roomKey(), await topology.failOver(roomKey()));
  await traffic.flowsAgain(50);
  traffic.rewound();
  traffic.begin('afterwards');
  await traffic.flows(50);
  expect(breachesInPhases(await traffic.end(), new Set([FAILED_OVER]))).toEqual([]);
});

describe.each(kinds)('with a %s whose acknowledgements mean a replica, too,', (kind) => {
  it('a killed master takes nothing with it that was acknowledged', async () => {
    await start(kind, { BATON_REDIS_DURABILITY: 'replicas:1' });
    const traffic = await pods.traffic({ perSecond: 20 });
    await traffic.flows(100);
    traffic.begin(FAILED_OVER);
    const killed = await topology.masterOf(roomKey());
    const lagging = await topology.cutReplicas(killed);
    await eventually('publishes to wait for a replica', () => traffic.waiting > 20);
    await killed.kill();
    for (const replica of lagging) replica.resume();
    await topology.waitForPromotion(roomKey(), killed);
    // In the Cluster nobody else could confirm anything.
    await killed.start();
    await traffic.flowsAgain(200);
    traffic.rewound();
    const { whole } = await traffic.end();
    expect(complaintsOf(whole)).toEqual([]);
    expect(whole.lostByRedis).toBe(0);
    const kept = await idsInLogs(topology, pods.keyPrefix);
    expect([...traffic.acknowledgedIds].filter((id) => !kept.has(id))).toEqual([]);
  });
});
