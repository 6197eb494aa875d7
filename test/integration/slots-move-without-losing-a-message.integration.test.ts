import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { breaches } from '../support/judge/promise.js';
import type { ClusterTopology } from '../support/redis-topologies/cluster.js';
import { beginSlotMove } from '../support/redis-topologies/cluster-slots.js';
import { PodsOn } from '../support/redis-topologies/pods-on.js';
import { infoOf } from '../support/redis-topologies/redis-node.js';
import { startTopology } from '../support/redis-topologies/with-topology.js';

let cluster: ClusterTopology;
let pods: PodsOn;

beforeEach(async () => {
  cluster = await startTopology('cluster');
  pods = await PodsOn.start(cluster);
});
afterEach(async () => {
  await pods.stop();
  await cluster.stop();
});

const roomKey = () => `${pods.keyPrefix}{acme/c/room-0}:log`;

async function connectionsReceived(): Promise<number> {
  const counts = await Promise.all(cluster.nodes.map((node) => infoOf(node, 'total_connections_received')));
  return counts.reduce((sum, count) => sum + Number(count), 0);
}
/** Slots in which something is, and twice as many that may be empty. */
async function slotsToMove(): Promise<readonly number[]> {
  const keys = (await Promise.all((await cluster.masters()).map(({ admin }) => admin.keys('*')))).flat();
  const used = await Promise.all([...new Set(keys)].map((key) => cluster.slotOf(key)));
  return [...new Set(used.flatMap((slot) => [slot, (slot + 1) % 16_384, (slot + 2) % 16_384]))];
}

it('hundreds of them, one after the other, while everybody publishes', async () => {
  const traffic = await pods.traffic();
  await traffic.flows(50);
  const slots = await slotsToMove();
  const masters = await cluster.masters();
  const before = await connectionsReceived();
  let moved = 0;
  // All to one master in turn: two that take over slots at the same time may claim the same epoch, and then lose some.
  for (const to of masters) {
    for (const slot of slots) if (await cluster.moveSlot(slot, to)) moved += 1;
    await traffic.flows(20);
  }
  const connects = (await connectionsReceived()) - before;
  const { whole } = await traffic.end();
  console.log(`${moved} slots moved; pods opened ${connects} connections to Redis meanwhile`);
  expect(breaches(whole, null)).toEqual([]);
  expect(traffic.connects).toBe(8);
  expect(moved).toBeGreaterThan(150);
  // Two pods with two or three connections to each of three masters: each may be given up for doubt, not again and again.
  expect(connects).toBeLessThan(100);
});

it('one that stays half moved (ASK, TRYAGAIN) until it has arrived', async () => {
  const traffic = await pods.traffic();
  await traffic.flows(50);
  const slot = await cluster.slotOf(roomKey());
  const from = await cluster.masterOf(roomKey());
  const to = (await cluster.masters()).find((node) => node !== from);
  if (!to) throw new Error('there is only one master');
  const move = await beginSlotMove(cluster.nodes, slot, to);
  await traffic.flows(40);
  const [host, port] = ['127.0.0.1', to.port];
  await from.admin.call('MIGRATE', host, port, '', 0, 5_000, 'KEYS', roomKey());
  await expect(from.admin.exists(roomKey())).rejects.toThrow(/^ASK/);
  await traffic.flows(20);
  await move.moveKeys();
  await traffic.flows(20);
  await move.finish();
  await eventually('the slot to have moved', async () => (await cluster.masterOf(roomKey())) === to);
  await traffic.flows(40);
  expect(breaches((await traffic.end()).whole, null)).toEqual([]);
});

it('one that nobody serves (CLUSTERDOWN) until somebody does', async () => {
  const traffic = await pods.traffic();
  await traffic.flows(50);
  const unused = 7;
  const owner = await cluster.ownerOf(unused);
  await Promise.all(cluster.nodes.map(({ admin }) => admin.call('CLUSTER', 'DELSLOTS', unused).catch(() => undefined)));
  await eventually('the cluster to be down', async () => {
    const answer = await owner.admin.get(`{nobody}`).catch(String);
    return answer?.includes('CLUSTERDOWN') === true;
  });
  const { acknowledged } = traffic;
  await owner.admin.call('CLUSTER', 'ADDSLOTS', unused);
  expect(acknowledged).toBeGreaterThan(0);
  await traffic.flows(50);
  expect(breaches((await traffic.end()).whole, null)).toEqual([]);
});
