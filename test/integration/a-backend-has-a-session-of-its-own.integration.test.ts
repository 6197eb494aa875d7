import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect, type Client } from '../../src/client/index.js';
import type { Json } from '../../src/protocol/frames.js';
import { eventually } from '../support/eventually.js';
import { askToMove, GatedPods, rowOf, TENANT, type GatedPod } from '../support/hand-over/gated-pods.js';
import { RawClient } from '../support/raw-client.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
let pods: GatedPods;
let a: GatedPod;
let b: GatedPod;
const open: Client[] = [];

interface Question {
  readonly from: string;
  readonly number: number;
}

beforeAll(async () => {
  pods = await GatedPods.install({ url: redis.url, keyPrefix: redis.keyPrefix() }, [
    {
      ...{ id: 'worker', tenant: TENANT },
      grants: [
        { stream: 'channel:questions', can: ['subscribe', 'presence'] },
        { stream: 'session:*', can: ['publish'] },
        { stream: 'user:*', can: ['publish', 'subscribe'] },
      ],
    },
  ]);
  [a, b] = await Promise.all([pods.start('a'), pods.start('b')]);
});
afterAll(async () => {
  await Promise.all(open.map((client) => client.close()));
  await pods.close();
});

async function connected(pod: GatedPod, token: string | (() => Promise<string>)): Promise<Client> {
  const backoff = { baseMs: 20, maxMs: 200 };
  const client = connect({ url: pod.clients.url, token, backoff, allowedOrigins: 'same-host' });
  open.push(client);
  await client.ready;
  return client;
}
const idOf = ({ session }: Client): string => session?.id ?? '';

it('it hears what clients publish, answers each, and goes on from one pod to another', async () => {
  const backend = await connected(a, pods.apiKey('worker'));
  const answered: Promise<unknown>[] = [];
  const asked: number[] = [];
  await backend.subscribe('channel:questions', ({ data }) => {
    const { from, number } = data as unknown as Question;
    asked.push(number);
    answered.push(backend.publish(`session:${from}`, { answer: number }));
  }).ready;
  const client = await connected(b, () => pods.token('ada'));
  const answers: Json[] = [];
  await client.subscribe('session', ({ data }) => answers.push(data)).ready;
  const ask = (number: number) => client.publish('channel:questions', { from: idOf(client), number });
  const numbers = Array.from({ length: 30 }, (_, at) => at);
  for (const number of numbers.slice(0, 10)) await ask(number);
  const moved = new Promise((resolve) => backend.on('moved', resolve));
  askToMove(a, idOf(backend), b);
  for (const number of numbers.slice(10, 20)) await ask(number);
  await moved;
  for (const number of numbers.slice(20)) await ask(number);
  await eventually('an answer to each question', () => answers.length >= numbers.length);
  await Promise.all(answered);
  expect(asked).toEqual(numbers);
  expect(answers).toEqual(numbers.map((number) => ({ answer: number })));
  const row = await rowOf(b, idOf(backend));
  expect(row).toMatchObject({ user: 'key:worker', attempt: 2, detached: false });
});

it('its sessions share the stream of its user, and it reaches all devices of another', async () => {
  const [one, two] = [await connected(a, pods.apiKey('worker')), await connected(b, pods.apiKey('worker'))];
  const heard: Json[] = [];
  for (const client of [one, two]) await client.subscribe('user', ({ data }) => heard.push(data)).ready;
  await expect(one.publish('user', 1)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(one.publish('user:key:worker', 1)).rejects.toMatchObject({ code: 'forbidden' });
  const devices = [await connected(a, () => pods.token('eve')), await connected(b, () => pods.token('eve'))];
  for (const device of devices) await device.subscribe('user', ({ data }) => heard.push(data)).ready;
  await one.publish('user:eve', 'both');
  await eventually('both to hear', () => heard.length >= 2);
  expect(heard).toEqual(['both', 'both']);
  await expect(devices[0]?.publish('user:key:worker', 1)).rejects.toMatchObject({ code: 'forbidden' });
});

it('it is in a channel as what it is', async () => {
  const backend = await connected(a, pods.apiKey('worker'));
  const presence = backend.presence('questions');
  await presence.ready;
  expect(presence.entries).toMatchObject([{ user: 'key:worker', session: idOf(backend) }]);
  presence.close();
});

it('the header of the upgrade opens it as well, for clients that have no SDK', async () => {
  const headers = { authorization: `Bearer ${pods.apiKey('worker')}` };
  const client = await RawClient.open(`${a.clients.url}/v1/connect`, headers);
  client.send({ type: 'hello', attempt: 1, streams: { 'user:ada': null, 'session:x': null } });
  await client.next('welcome');
  expect(await client.next('subscribed')).toMatchObject({ stream: 'user:ada' });
  expect(client.of('error')).toMatchObject([{ stream: 'session:x', code: 'forbidden' }]);
  client.terminate();
});
