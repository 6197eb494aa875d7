import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { BatonError } from '../../src/lib/baton-error.js';
import { randomId } from '../../src/lib/random-id.js';
import { RedisKeys } from '../../src/redis/keys.js';
import { eventually } from '../support/eventually.js';
import { breaches } from '../support/judge/promise.js';
import type { ClusterTopology } from '../support/redis-topologies/cluster.js';
import { beginSlotMove } from '../support/redis-topologies/cluster-slots.js';
import { PodsOn } from '../support/redis-topologies/pods-on.js';
import { infoOf } from '../support/redis-topologies/redis-node.js';
import { startTopology } from '../support/redis-topologies/with-topology.js';
import { A, claimOf, fieldsOf, newSession } from '../support/sessions/claims.js';
import { redisTwin } from '../support/sessions/store-twin.js';
import { room, StreamPod } from '../support/stream-pod.js';

let cluster: ClusterTopology;
let pods: PodsOn;
const direct: StreamPod[] = [];

beforeAll(async () => {
  cluster = await startTopology('cluster');
  pods = await PodsOn.start(cluster);
});
afterEach(() => {
  for (const pod of direct.splice(0)) pod.close();
});
afterAll(async () => {
  await pods.stop();
  await cluster.stop();
});

/** What a pod has of Redis, beside the pods. */
async function directly(): Promise<StreamPod> {
  const pod = await StreamPod.start(cluster.config, pods.keyPrefix, { appendDeadlineMs: 250 });
  direct.push(pod);
  return pod;
}
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

it('one of which some keys are here and some there: no session is missed', async () => {
  const { redis } = await directly();
  const sessions = redisTwin(redis, pods.keyPrefix, { ttlMs: 60_000, sweepMs: 60_000 });
  const key = newSession();
  const create = fieldsOf(sessions.nowMs() + 60_000);
  expect(await sessions.store.claim(claimOf(key, 1, A, { create }))).toMatchObject({ kind: 'claimed' });
  const row = new RedisKeys(pods.keyPrefix).sessionRow(key.tenant, key.session);
  const from = await cluster.masterOf(row);
  const to = (await cluster.masters()).find((node) => node !== from);
  if (!to) throw new Error('there is only one master');
  const move = await beginSlotMove(cluster.nodes, await cluster.slotOf(row), to);
  expect(await move.moveKeys()).toBeGreaterThan(0);
  await expect(from.admin.exists(row)).rejects.toThrow(/^ASK/);
  const codeOf = (error: unknown) => (error as BatonError).code;
  const got = await sessions.store.get(key).then((found) => found?.attempt, codeOf);
  expect([1, 'unavailable']).toContain(got);
  const claimed = await sessions.store.claim(claimOf(key, 1, A)).then(({ kind }) => kind, codeOf);
  expect(['claimed', 'unavailable']).toContain(claimed);
  await move.finish();
  const after = await eventually('the row at its new place', () => sessions.store.get(key));
  expect(after).toMatchObject({ attempt: 1, connection: A });
});

it('one that nobody serves (CLUSTERDOWN): everybody waits until somebody does', async () => {
  const { log } = await directly();
  const send = () => log.append(room('acme'), { kind: 'send', idempotency: randomId(), data: '1' });
  const traffic = await pods.traffic();
  await traffic.flows(50);
  const unused = 7;
  const owner = await cluster.ownerOf(unused);
  const everybody = (command: string) =>
    Promise.all(cluster.nodes.map(({ admin }) => admin.call('CLUSTER', command, unused).catch(() => undefined)));
  await everybody('DELSLOTS');
  await eventually('the cluster to be down', async () => {
    await everybody('DELSLOTS');
    const answers = await Promise.all(cluster.nodes.map(({ admin }) => admin.get('x').catch(String)));
    return answers.every((answer) => answer?.includes('CLUSTERDOWN'));
  });
  await expect(send()).rejects.toMatchObject({ code: 'unavailable' });
  const { acknowledged } = traffic;
  await expect(send()).rejects.toMatchObject({ code: 'unavailable' });
  expect(traffic.acknowledged).toBe(acknowledged);
  await owner.admin.call('CLUSTER', 'ADDSLOTS', unused);
  await traffic.flows(50);
  expect(breaches((await traffic.end()).whole, null)).toEqual([]);
});
