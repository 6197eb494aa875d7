import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WaitingReads } from '../../src/messaging/waiting-reads.js';
import type { RunningPod } from '../../src/start-pod.js';
import { eventually } from '../support/eventually.js';
import { publish } from '../support/frame-answers.js';
import { call, install, joinAs, startPodHere, type HttpAnswer, type Installation } from '../support/in-process-pod.js';
import { signToken } from '../support/load/credentials.js';
import { RawClient } from '../support/raw-client.js';
import { withRedis } from '../support/with-redis.js';

interface Read {
  readonly messages: readonly { readonly offset: number; readonly id: string; readonly data: unknown }[];
  readonly after: string;
  readonly reset?: { readonly reason: string };
}

const redis = withRedis();
let here: Installation;
let a: RunningPod;
let b: RunningPod;
let client: RawClient;

beforeAll(async () => {
  here = await install({ url: redis.url, keyPrefix: redis.keyPrefix() }, [
    { id: 'all', tenant: 'acme', grants: [{ stream: '*', can: ['publish', 'subscribe', 'presence'] }] },
    { id: 'orders', tenant: 'acme', grants: [{ stream: 'channel:orders', can: ['subscribe'] }] },
  ]);
  const small = { BATON_WINDOW_MESSAGES: '40' };
  [a, b] = [await startPodHere(here.environment, 'pod-a', small), await startPodHere(here.environment, 'pod-b', small)];
  client = await RawClient.open(`ws://127.0.0.1:${a.port}/v1/connect`);
  const token = await signToken(here.signer, 'acme', 'ada', [{ stream: 'channel:*', can: ['publish'] }]);
  client.send({ type: 'hello', attempt: 1, token, publisher: 'p', streams: {} });
  await client.next('welcome');
});
afterAll(async () => {
  client.terminate();
  await Promise.all([a, b].map((pod) => pod.close()));
  await here.remove();
});

const ask = (pod: RunningPod, stream: string, query = '', key = 'all'): Promise<HttpAnswer> =>
  call(pod.port, 'GET', `/v1/streams/${encodeURIComponent(stream)}/messages${query}`, { bearer: here.bearer(key) });
async function read(pod: RunningPod, stream: string, query = ''): Promise<Read> {
  const { status, body } = await ask(pod, stream, query);
  expect(status).toBe(200);
  return body as Read;
}
const dataOf = ({ messages }: Read) => messages.map(({ data }) => data);
const waitingAt = (pod: RunningPod) => pod.app.get(WaitingReads).size;
/** A read that waits by now; `page` is what it comes to. */
async function waitFor(pod: RunningPod, stream: string, after: string): Promise<{ readonly page: Promise<Read> }> {
  const before = waitingAt(pod);
  const page = read(pod, stream, `?after=${after}&waitSeconds=25`);
  await eventually('it to wait', () => waitingAt(pod) > before);
  return { page };
}

const seqs = new Map<string, number>();
async function say(stream: string, data: unknown): Promise<void> {
  const seq = (seqs.get(stream) ?? 0) + 1;
  seqs.set(stream, seq);
  expect(await publish(client, stream, seq, data)).toBe('ack');
}

it('message by message, whichever pod is asked, each as it was published', async () => {
  let { after } = await read(a, 'channel:a/b');
  const data = [{ text: 'ü "quoted" \u2028' }, [1, null, 0.5], 'x', null];
  for (const each of data) await say('channel:a/b', each);
  const seen: unknown[] = [];
  for (const pod of [a, b, a, b]) {
    const page = await read(pod, 'channel:a/b', `?after=${after}&limit=1`);
    seen.push(...dataOf(page));
    ({ after } = page);
  }
  expect(seen).toEqual(data);
  expect(await read(b, 'channel:a/b', `?after=${after}`)).toEqual({ messages: [], after });
});

it('a read that waits has the message as soon as it is published, at any pod', async () => {
  const { after } = await read(b, 'channel:orders');
  const [one, two] = [await waitFor(a, 'channel:orders', after), await waitFor(b, 'channel:orders', after)];
  await say('channel:orders', 7);
  expect([dataOf(await one.page), dataOf(await two.page)]).toEqual([[7], [7]]);
  expect(waitingAt(a) + waitingAt(b)).toBe(0);
});

it('whoever asks again and again has every message once, in order, whichever pod answers', async () => {
  let { after } = await read(a, 'channel:busy');
  const numbers = Array.from({ length: 40 }, (_, at) => at);
  const saying = (async () => {
    for (const number of numbers) await say('channel:busy', number);
  })();
  const seen: unknown[] = [];
  while (seen.length < numbers.length) {
    const page = await read(seen.length % 2 === 0 ? a : b, 'channel:busy', `?after=${after}&waitSeconds=5`);
    seen.push(...dataOf(page));
    ({ after } = page);
  }
  await saying;
  expect(seen).toEqual(numbers);
});

it('a wait of a second is over after it, and its answer is empty', async () => {
  const { after } = await read(a, 'channel:silent');
  const beganMs = performance.now();
  expect(await read(a, 'channel:silent', `?after=${after}&waitSeconds=1`)).toEqual({ messages: [], after });
  expect(performance.now() - beganMs).toBeGreaterThan(900);
  expect(waitingAt(a)).toBe(0);
});

it('who hangs up waits no longer', async () => {
  const { after } = await read(a, 'channel:silent');
  const hangUp = new AbortController();
  const url = `http://127.0.0.1:${a.port}/v1/streams/channel:silent/messages?after=${after}&waitSeconds=25`;
  const headers = { authorization: here.bearer('all'), connection: 'close' };
  const asked = fetch(url, { headers, signal: hangUp.signal }).catch((error: unknown) => (error as Error).name);
  await eventually('it to wait', () => waitingAt(a) === 1);
  hangUp.abort();
  expect(await asked).toBe('AbortError');
  await eventually('its place to be free', () => waitingAt(a) === 0);
});

it('a drain answers all that wait at once, and asks them to go elsewhere', async () => {
  const c = await startPodHere(here.environment, 'pod-c');
  const { after } = await read(c, 'channel:silent');
  const { page } = await waitFor(c, 'channel:silent', after);
  c.drain.begin('SIGTERM');
  expect(await page).toEqual({ messages: [], after });
  const late = await ask(c, 'channel:silent', `?after=${after}&waitSeconds=25`);
  expect([late.status, late.headers.get('connection')]).toEqual([200, 'close']);
  await c.close();
});

it('a position whose messages are gone is a reset, and the reader goes on from the end', async () => {
  const { after } = await read(a, 'channel:long');
  for (let number = 0; number < 100; number += 1) await say('channel:long', number);
  const page = await read(b, 'channel:long', `?after=${after}`);
  expect(page).toMatchObject({ reset: { reason: 'trimmed' }, messages: [] });
  await say('channel:long', 'next');
  expect(dataOf(await read(a, 'channel:long', `?after=${page.after}`))).toEqual(['next']);
  const id = page.after.split(':')[1] ?? '';
  expect(await read(a, 'channel:long', `?after=999:${id}`)).toMatchObject({ reset: { reason: 'ahead' }, messages: [] });
  expect(await read(a, 'channel:long', `?after=101:other`)).toMatchObject({ reset: { reason: 'forked' } });
});

it.each([
  ['after=x', 'bad-request'],
  ['after=1', 'bad-request'],
  ['after=-1:x', 'bad-request'],
  ['after=1:a b', 'bad-request'],
  ['after=9007199254740993:x', 'bad-request'],
  ['after=1:x&after=2:y', 'bad-request'],
  ['limit=0', 'bad-request'],
  ['limit=201', 'bad-request'],
  ['waitSeconds=26', 'bad-request'],
  ['waitSeconds=-1', 'bad-request'],
  ['waitSeconds=1.5', 'bad-request'],
])('?%s is refused', async (query, code) => {
  expect(await ask(a, 'channel:orders', `?${query}`)).toMatchObject({ status: 400, body: { error: { code } } });
});

it.each([
  'session',
  'user',
  'orders',
  'channel:',
  'channel:a b',
  'user:a}b',
  'session:a/b',
  'tenant:acme',
  'Channel:a',
])('%s names no stream over HTTP', async (stream) => {
  expect(await ask(a, stream)).toMatchObject({ status: 400, body: { error: { code: 'bad-stream' } } });
});

it('a known path says which methods it takes', async () => {
  const answer = await call(a.port, 'POST', '/v1/streams/channel:orders/messages', { bearer: here.bearer('all') });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect(answer.body).toMatchObject({ error: { code: 'not-acceptable' } });
});

describe('all sessions of a user', () => {
  const end = (user: string, key = 'all') =>
    call(a.port, 'DELETE', `/v1/users/${encodeURIComponent(user)}/sessions`, { bearer: here.bearer(key) });

  it('are ended by one call, on whatever pod they are, and nobody else’s', async () => {
    const join = async (pod: RunningPod, user: string) => joinAs(pod.port, await here.token('acme', user));
    const devices = await Promise.all([a, b, b].map((pod) => join(pod, 'team/eve')));
    const other = await join(b, 'team');
    expect(await end('team/eve')).toMatchObject({ status: 200, body: { ended: 3 } });
    for (const device of devices) expect((await device.client.close()).code).toBe(4010);
    expect(await end('team/eve')).toMatchObject({ status: 200, body: { ended: 0 } });
    expect(other.client.closed).toBeNull();
    other.client.terminate();
  });

  it('of an API key are ended by its name', async () => {
    const worker = await joinAs(b.port, here.bearer('orders').slice('Bearer '.length));
    expect(await end('key:orders')).toMatchObject({ status: 200, body: { ended: 1 } });
    expect((await worker.client.close()).code).toBe(4010);
  });

  it('are only ended with a grant', async () => {
    expect(await end('team', 'orders')).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
  });
});
