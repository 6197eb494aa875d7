import { afterEach, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { install, startPodHere } from '../support/in-process-pod.js';
import { RawClient } from '../support/raw-client.js';
import { startTopology } from '../support/redis-topologies/with-topology.js';

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

it('on a cluster, although its session lives at a node that is well', async () => {
  const cluster = await startTopology('cluster');
  ended.push(() => cluster.stop());
  const here = await install({ environment: cluster.environment, keyPrefix: 'd:' }, []);
  ended.push(() => here.remove());
  const pod = await startPodHere(here.environment, 'a');
  ended.push(() => pod.close());
  const client = await RawClient.open(`ws://127.0.0.1:${pod.port}/v1/connect`);
  ended.push(() => client.terminate());
  const token = await here.token('acme', 'ann');
  client.send({ type: 'hello', attempt: 1, token, publisher: 'p', streams: {}, can: ['overlap'], hops: 0 });
  const { session } = await client.next('welcome');
  const home = await cluster.masterOf(`d:{acme/s/${session}}:row`);
  const names = Array.from({ length: 50 }, (_, at) => `room-${at}`);
  const masters = await Promise.all(names.map((name) => cluster.masterOf(`d:{acme/c/${name}}:log`)));
  const at = masters.findIndex((node) => node !== home);
  client.send({ type: 'publish', stream: `channel:${names[at] ?? ''}`, seq: 1, after: 0, data: 1 });
  await client.next('ack');
  await masters[at]?.admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await eventually('the probe', () => client.of('probe').length > 0);
  expect(client.of('probe')).toHaveLength(1);
  expect(client.closed).toBeNull();
});
