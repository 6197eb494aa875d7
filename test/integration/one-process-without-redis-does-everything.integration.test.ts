import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect, type Client } from '../../src/client/index.js';
import { loadConfig } from '../../src/config/load-config.js';
import { startPod, type RunningPod } from '../../src/start-pod.js';
import { eventually } from '../support/eventually.js';
import { call, install, joinAs, startPodHere, type HttpAnswer, type Installation } from '../support/in-process-pod.js';
import { ModelStorage } from '../support/model-page.js';
import { RawClient } from '../support/raw-client.js';

interface Read {
  readonly messages: readonly unknown[];
  readonly after: string;
}

const everything = [{ stream: '*', can: ['subscribe', 'publish', 'presence'] }] as const;

let here: Installation;
let pod: RunningPod;
const clients: Client[] = [];

beforeAll(async () => {
  here = await install({ keyPrefix: 'm:', environment: { BATON_STORAGE: 'memory' } }, [
    { id: 'backend', tenant: 'acme', grants: everything },
    { id: 'stranger', tenant: 'umbrella', grants: everything },
  ]);
  pod = await startPodHere(here.environment, 'memory');
});
afterAll(async () => {
  for (const client of clients) await client.close();
  await pod.close();
  await here.remove();
});

function open(user: string): Client {
  const client = connect({ url: `ws://127.0.0.1:${pod.port}`, token: () => here.token('acme', user) });
  clients.push(client);
  return client;
}
const ask = (method: string, path: string, body?: unknown, id = 'backend'): Promise<HttpAnswer> =>
  call(pod.port, method, path, { bearer: here.bearer(id), ...(body === undefined ? {} : { body }) });

it('is ready, and says so', async () => {
  const { status } = await fetch(`http://127.0.0.1:${pod.healthPort}/readyz`, { headers: { connection: 'close' } });
  expect(status).toBe(200);
});

it('carries what clients publish to each other, in order', async () => {
  const [ann, bob] = [open('ann'), open('bob')];
  const heard: unknown[] = [];
  const subscription = bob.subscribe('channel:room');
  await subscription.ready;
  const reading = (async () => {
    for await (const { data } of subscription) heard.push(data);
  })();
  for (let n = 1; n <= 50; n += 1) void ann.publish('channel:room', n);
  await ann.publish('channel:room', 51);
  await eventually('all 51', () => heard.length === 51);
  expect(heard).toEqual(Array.from({ length: 51 }, (_, at) => at + 1));
  subscription.close();
  await reading;
});

it('resumes after a cut with everything that was said meanwhile', async () => {
  const { client, session } = await joinAs(pod.port, await here.token('acme', 'ann'), ['user']);
  const { resume } = client.of('welcome')[0] ?? {};
  const { position } = client.of('subscribed')[0] ?? {};
  client.terminate();
  await eventually('the cut to be noticed', async () => {
    const { body } = await ask('GET', `/v1/sessions/${session}/connection`);
    return !(body as { readonly connected: boolean }).connected;
  });
  for (const n of [1, 2, 3])
    expect((await ask('POST', '/v1/messages', { to: { user: 'ann' }, data: n })).status).toBe(201);
  const back = await RawClient.open(`ws://127.0.0.1:${pod.port}/v1/connect`);
  back.send({ type: 'hello', attempt: 2, session, resume, streams: { user: position }, can: [], hops: 0 });
  expect(await back.next('welcome')).toMatchObject({ resumed: true, session });
  await back.next('subscribed');
  expect(back.of('message').map(({ data }) => data)).toEqual([1, 2, 3]);
  back.terminate();
});

it('takes a send over HTTP once for each Idempotency-Key', async () => {
  const send = () =>
    call(pod.port, 'POST', '/v1/messages', {
      bearer: here.bearer('backend'),
      headers: { 'idempotency-key': 'order-7' },
      body: { to: { channel: 'orders' }, data: 7 },
    });
  expect([(await send()).body, (await send()).body]).toEqual([
    { offset: 1, repeated: false },
    { offset: 1, repeated: true },
  ]);
});

it('loses nothing that was acknowledged to a page whose browser was killed before its record was on disk', async () => {
  const { after } = (await ask('GET', '/v1/streams/channel:killed/messages')).body as Read;
  const page = (storage: ModelStorage): Client => {
    const url = `ws://127.0.0.1:${pod.port}`;
    const client = connect({ url, token: () => here.token('acme', 'ann'), storage, locks: null });
    clients.push(client);
    return client;
  };
  const storage = new ModelStorage();
  const first = page(storage);
  await first.publish('channel:killed', 'one');
  const onDisk = new ModelStorage(storage);
  for (const data of ['two', 'three']) await first.publish('channel:killed', data);
  const next = page(onDisk);
  const lost: unknown[] = [];
  next.on('lost', (event) => lost.push(event));
  for (const data of ['four', 'five', 'six']) await next.publish('channel:killed', data);
  expect(next.session).toEqual(first.session);
  const { body } = await ask('GET', `/v1/streams/channel:killed/messages?after=${after}`);
  expect(
    (body as { readonly messages: readonly { readonly data: unknown }[] }).messages.map(({ data }) => data),
  ).toEqual(['one', 'two', 'three', 'four', 'five', 'six']);
  expect(lost).toEqual([]);
});

it('lets a backend wait for what clients publish, and answer them over a socket', async () => {
  const read = async (query: string) =>
    (await ask('GET', `/v1/streams/channel:questions/messages${query}`)).body as Read;
  const { after } = await read('');
  const waiting = read(`?after=${after}&waitSeconds=25`);
  const ann = open('ann');
  await ann.publish('channel:questions', 'why?');
  expect((await waiting).messages).toMatchObject([{ data: 'why?' }]);
  const answers: unknown[] = [];
  await ann.subscribe('user', ({ data }) => answers.push(data)).ready;
  const token = here.bearer('backend').slice('Bearer '.length);
  const backend = connect({ url: `ws://127.0.0.1:${pod.port}`, token });
  clients.push(backend);
  await backend.publish('user:ann', 'because');
  await eventually('the answer', () => answers.length > 0);
  expect(answers).toEqual(['because']);
});

it('lets a backend hear what is published, over HTTP and on a socket of its own', async () => {
  const path = '/v1/streams/channel:heard/messages';
  const { after } = (await ask('GET', path)).body as { readonly after: string };
  const asked = ask('GET', `${path}?waitSeconds=20&after=${after}`);
  const heard: unknown[] = [];
  const backend = connect({
    url: `ws://127.0.0.1:${pod.port}`,
    token: here.bearer('backend').replace('Bearer ', ''),
  });
  clients.push(backend);
  const subscription = backend.subscribe('channel:heard', ({ data }) => heard.push(data));
  await subscription.ready;
  await open('ann').publish('channel:heard', 'hello');
  expect((await asked).body).toMatchObject({ messages: [{ offset: 1, data: 'hello' }] });
  await eventually('the socket to hear it, too', () => heard.length > 0);
  expect(heard).toEqual(['hello']);
});

it('knows who is in a channel', async () => {
  const [ann, bob] = [open('ann'), open('bob')];
  const seen = ann.presence('lobby');
  await seen.ready;
  const other = bob.presence('lobby');
  await other.ready;
  const users = () => seen.entries.map(({ user }) => user).sort();
  await eventually('both', () => users().join() === 'ann,bob');
  other.close();
  await eventually('bob to leave', () => users().join() === 'ann');
});

it('lists, keeps data of, and ends sessions of one tenant', async () => {
  const { client, session } = await joinAs(pod.port, await here.token('acme', 'zoe'));
  const { body } = await ask('GET', '/v1/users/zoe/sessions');
  expect(body).toMatchObject({ sessions: [{ session, connected: true }], next: null });
  expect((await ask('PUT', `/v1/sessions/${session}/data/cart`, { value: [1] })).body).toEqual({ version: 1 });
  expect((await ask('GET', `/v1/sessions/${session}/data/cart`)).body).toEqual({ value: [1], version: 1 });
  expect((await ask('GET', `/v1/sessions/${session}/connection`, undefined, 'stranger')).status).toBe(404);
  expect((await ask('DELETE', `/v1/sessions/${session}`)).status).toBe(204);
  expect((await client.close()).code).toBe(4010);
  expect((await ask('GET', `/v1/sessions/${session}/data/cart`)).status).toBe(404);
});

it('forgets a session that nobody comes back for', async () => {
  const { NODE_ENV: _unused, ...settings } = here.environment;
  // A time that no operator may set: a life of a session in a blink.
  const brief = await startPod({ ...loadConfig(settings), sessions: { ttlMs: 200, sweepMs: 100 } });
  try {
    const { client, session } = await joinAs(brief.port, await here.token('acme', 'tom'));
    client.terminate();
    const asked = () =>
      call(brief.port, 'GET', `/v1/sessions/${session}/connection`, { bearer: here.bearer('backend') });
    await eventually('the session to expire', async () => (await asked()).status === 404);
  } finally {
    await brief.close();
  }
});
