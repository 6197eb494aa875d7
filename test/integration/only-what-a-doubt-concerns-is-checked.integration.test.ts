import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { RedisConnection } from '../../src/redis/redis-connection.js';
import { eventually } from '../support/eventually.js';
import { connectRedis } from '../support/redis-connection.js';
import type { ClusterTopology } from '../support/redis-topologies/cluster.js';
import { startTopology } from '../support/redis-topologies/with-topology.js';
import { silentLogger } from '../support/silent-logger.js';

let cluster: ClusterTopology;
let pod: RedisConnection;
let doubts: ((key: string) => boolean)[];
let losses: unknown[];
const heard: string[] = [];
const names = Array.from({ length: 30 }, (_, at) => `x:{${at}}:live`);

beforeAll(async () => {
  cluster = await startTopology('cluster');
  const logger = { ...silentLogger, warn: (event: string, fields?: unknown) => losses.push({ event, fields }) };
  losses = [];
  pod = await connectRedis(cluster.config, 'x:', { logger, canaryMs: 700 });
  pod.subscriber.onDoubt((concerns) => doubts.push(concerns));
  await eventually('the cluster', () => pod.commands.healthy);
  await Promise.all(names.map((name) => pod.subscriber.subscribe(name, (message) => heard.push(`${name} ${message}`))));
}, 30_000);
afterAll(async () => {
  pod.close();
  await cluster.stop();
});
beforeEach(() => {
  doubts = [];
  losses = [];
  heard.length = 0;
});

/** Published where each channel lives now. */
async function everybodyHears(message: string): Promise<void> {
  for (const name of names) await (await cluster.masterOf(name)).admin.spublish(name, message);
  await eventually('all of them', () => heard.length >= names.length);
  expect(heard.toSorted()).toEqual(names.map((name) => `${name} ${message}`).toSorted());
}

it('of a slot that moves: what lives in it, and no connection is closed', async () => {
  const [name = ''] = names;
  const from = await cluster.masterOf(name);
  const to = (await cluster.masters()).find((node) => node !== from);
  if (!to) throw new Error('there is only one master');
  await cluster.moveSlot(await cluster.slotOf(name), to);
  await eventually('the doubt', () => doubts.length > 0);
  const concerned = names.filter((other) => doubts.some((concerns) => concerns(other)));
  expect(concerned).toEqual([name]);
  await everybodyHears('moved');
  expect(losses).toEqual([]);
  expect(pod.commands.healthy).toBe(true);
});

it('of a connection that is lost: what lives at that node', async () => {
  const [name = ''] = names;
  const cut = await cluster.masterOf(name);
  await cut.admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await eventually('the doubt', () => doubts.length > 0);
  const owners = await Promise.all(names.map((other) => cluster.masterOf(other)));
  const concerned = names.filter((other) => doubts.some((concerns) => concerns(other)));
  expect(concerned).toEqual(names.filter((_, at) => owners[at] === cut));
  expect(concerned.length).toBeLessThan(names.length);
  await everybodyHears('again');
  expect(losses).toMatchObject([{ event: 'redis.lost', fields: { port: cut.port } }]);
});

it('of a canary whose own slot moves: nothing', async () => {
  const channels = (
    await Promise.all((await cluster.masters()).map(({ admin }) => admin.pubsub('SHARDCHANNELS')))
  ).flat();
  const canary = String(channels.find((name) => String(name).includes('canary')));
  const from = await cluster.masterOf(canary);
  const to = (await cluster.masters()).find((node) => node !== from);
  if (!to) throw new Error('there is only one master');
  await cluster.moveSlot(await cluster.slotOf(canary), to);
  await eventually('another canary', async () => {
    const now = (await from.admin.pubsub('SHARDCHANNELS')) as string[];
    return now.some((name) => name.includes('canary') && name !== canary);
  });
  await everybodyHears('still');
  expect(losses).toEqual([]);
  expect(names.filter((other) => doubts.some((concerns) => concerns(other)))).toEqual([]);
});
