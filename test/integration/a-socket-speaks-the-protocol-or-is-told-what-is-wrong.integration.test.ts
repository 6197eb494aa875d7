import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunningPod } from '../../src/start-pod.js';
import { eventually } from '../support/eventually.js';
import { install, joinAs, startPodHere, type Installation, type Joined } from '../support/in-process-pod.js';
import { RawClient } from '../support/raw-client.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
let here: Installation;
let a: RunningPod;
let b: RunningPod;

beforeAll(async () => {
  here = await install({ url: redis.url, keyPrefix: redis.keyPrefix() }, []);
  const quick = { BATON_HELLO_TIMEOUT_MS: '300' };
  a = await startPodHere(here.environment, 'pod-a', quick);
  b = await startPodHere(here.environment, 'pod-b', quick);
});
afterAll(async () => {
  await Promise.all([a.close(), b.close()]);
  await here.remove();
});

const url = (pod: RunningPod): string => `ws://127.0.0.1:${pod.port}/v1/connect`;
const publisher = 'publisher-1';

async function join(pod: RunningPod, streams: readonly string[] = []): Promise<Joined> {
  return joinAs(pod.port, await here.token('acme', 'ada'), streams);
}
async function joinToPublish(pod: RunningPod): Promise<RawClient> {
  const client = await RawClient.open(url(pod));
  const token = await here.token('acme', 'ada');
  client.send({ type: 'hello', attempt: 1, token, streams: {}, publisher, can: ['overlap'], hops: 0 });
  await client.next('welcome');
  return client;
}
async function resumeAt(pod: RunningPod, old: Joined, attempt: number, more: object = {}): Promise<RawClient> {
  const { resume } = old.client.of('welcome')[0] ?? { resume: '' };
  const client = await RawClient.open(url(pod));
  client.send({
    type: 'hello',
    attempt,
    session: old.session,
    resume,
    streams: {},
    can: ['overlap'],
    hops: 0,
    ...more,
  });
  return client;
}

describe('a socket', () => {
  it('without hello in time is closed 4408', async () => {
    const client = await RawClient.open(url(a));
    expect(await client.close()).toMatchObject({ code: 4408 });
  });

  it.each([
    [
      'another frame than hello first',
      1002,
      (client: RawClient) => {
        client.send({ type: 'publish', stream: 'user', seq: 1, after: 0, data: 1 });
      },
    ],
    [
      'text that is no JSON before hello',
      1002,
      (client: RawClient) => {
        client.sendRaw('hello?');
      },
    ],
    [
      'a first frame whose type is 60 characters of three bytes each',
      1002,
      (client: RawClient) => {
        client.send({ type: '日'.repeat(60) });
      },
    ],
    [
      'a binary frame',
      1003,
      (client: RawClient) => {
        client.sendRaw(Buffer.from([1, 2, 3]));
      },
    ],
    [
      'a frame over 64 KiB',
      1009,
      (client: RawClient) => {
        client.sendRaw('x'.repeat(65_537));
      },
    ],
    [
      'a bad token',
      4501,
      (client: RawClient) => {
        client.send({ type: 'hello', attempt: 1, token: 'a.b.c' });
      },
    ],
    [
      'hello without any credential',
      4501,
      (client: RawClient) => {
        client.send({ type: 'hello', attempt: 1 });
      },
    ],
    [
      'a resume token that nobody signed',
      4501,
      (client: RawClient) => {
        client.send({ type: 'hello', attempt: 2, session: 'somebody', resume: 'x.y.z' });
      },
    ],
  ])('with %s is closed %i, and the next one is served', async (_what, code, say) => {
    const client = await RawClient.open(url(a));
    say(client);
    expect(await client.close()).toMatchObject({ code });
    (await join(a)).client.terminate();
  });

  it('is told what is wrong with a frame and goes on', async () => {
    const { client } = await join(a, ['channel:x']);
    client.sendRaw('{');
    client.send(
      { type: 'telepathy', channel: 'x', on: true },
      { type: 'publish', stream: 'channel:x', seq: 1, after: 0, data: 1 },
    );
    client.send({ type: 'subscribe', stream: 'channel:a//b' });
    await eventually('four errors', () => client.of('error').length === 4);
    expect(client.of('error').map(({ code }) => code)).toEqual([
      'bad-frame',
      'unknown-type',
      'no-publisher',
      'bad-stream',
    ]);
    expect(client.closed).toBeNull();
    client.terminate();
  });

  it('that says hello twice, or subscribes twice without an answer, is closed 1002', async () => {
    const twice = await join(a);
    twice.client.send({ type: 'hello', attempt: 1 });
    expect(await twice.client.close()).toMatchObject({ code: 1002 });
    const { client } = await join(a);
    client.send({ type: 'subscribe', stream: 'channel:x' }, { type: 'subscribe', stream: 'channel:x' });
    expect(await client.close()).toMatchObject({ code: 1002 });
  });

  it('is told a stream that it may not hear, and every other stream of its hello works', async () => {
    const client = await RawClient.open(url(a));
    const token = await here.token('acme', 'ada');
    const streams = { 'channel:x': null, user: null };
    client.send({ type: 'hello', attempt: 1, token, streams, can: [], hops: 0 });
    await eventually('both answers', () => client.of('subscribed').length === 2);
    client.send({ type: 'unsubscribe', stream: 'channel:x' });
    expect(await client.next('unsubscribed')).toEqual({ type: 'unsubscribed', stream: 'channel:x' });
    client.terminate();
  });

  it('that is asked for another path, or without the subprotocol, gets a real HTTP status', async () => {
    expect(await upgradeStatus('/v1/other', 'baton.v1')).toBe('HTTP/1.1 404 Not Found');
    expect(await upgradeStatus('/v1/connect', 'chat')).toBe('HTTP/1.1 400 Bad Request');
  });
});

describe('a publish', () => {
  it('is settled once: repeated it has the answer that it had, out of order it changes nothing', async () => {
    const client = await joinToPublish(a);
    const publish = (seq: number, after: number): object => ({
      type: 'publish',
      stream: 'channel:once',
      seq,
      after,
      data: seq,
    });
    client.send(publish(1, 0), publish(2, 1), publish(2, 1), publish(4, 3));
    expect(await client.next('gap')).toMatchObject({ seq: 4, last: 2 });
    client.send(publish(3, 2), publish(1, 0));
    await eventually('the answers', () => client.of('ack').some(({ seq }) => seq === 3));
    const late = (await join(b)).client;
    const { position } = await subscribeFromStart(late, 'channel:once');
    expect(position.offset).toBe(3);
    client.terminate();
    late.terminate();
  });

  it('of one turn is acknowledged in one frame', async () => {
    const client = await joinToPublish(a);
    client.sendRaw(JSON.stringify({ type: 'pong' }));
    const frames = Array.from({ length: 20 }, (_, index) => ({
      type: 'publish',
      stream: 'channel:batch',
      seq: index + 1,
      after: index,
      data: index,
    }));
    client.send(...frames);
    await eventually('all to be settled', () => client.of('ack').at(-1)?.seq === 20);
    expect(client.of('ack').length).toBeLessThan(20);
    client.terminate();
  });

  it('without a grant is refused for good, and a mark needs none', async () => {
    const client = await joinToPublish(a);
    client.send({ type: 'publish', stream: 'tenant', seq: 1, after: 0, data: 'to all' });
    expect(await client.next('refused')).toMatchObject({ stream: 'tenant', seq: 1, code: 'forbidden' });
    client.send({ type: 'publish', stream: 'tenant', seq: 2, after: 1 });
    expect(await client.next('ack')).toMatchObject({ seq: 2 });
    client.send({ type: 'publish', stream: 'tenant', seq: 1, after: 0, data: 'again' });
    expect(await client.next('refused')).toMatchObject({ seq: 1, code: 'forbidden' });
    client.terminate();
  });
});

describe('a session', () => {
  it('moves to the pod that claims it with a higher attempt; the old socket hears 4500 with that number', async () => {
    const old = await join(a, ['channel:m']);
    const client = await resumeAt(b, old, 2);
    expect(await client.next('welcome')).toMatchObject({ session: old.session, resumed: true, pod: 'pod-b' });
    expect(await old.client.close()).toEqual({ code: 4500, reason: '2' });
    expect(client.closed).toBeNull();
    client.terminate();
  });

  it('is not taken back by a lower or an equal attempt', async () => {
    const old = await join(a);
    const owner = await resumeAt(b, old, 3);
    await owner.next('welcome');
    expect(await (await resumeAt(a, old, 2)).close()).toEqual({ code: 4500, reason: '3' });
    expect(await (await resumeAt(a, old, 3)).close()).toEqual({ code: 4500, reason: '3' });
    expect(owner.closed).toBeNull();
    owner.terminate();
  });

  it('gets every message that came while nobody held it, in order and once', async () => {
    const old = await join(a, ['channel:away']);
    const [{ position }] = [old.client.of('subscribed')[0] ?? { position: null }];
    old.client.terminate();
    const other = await joinToPublish(b);
    other.send(
      ...[1, 2, 3].map((seq) => ({ type: 'publish', stream: 'channel:away', seq, after: seq - 1, data: seq })),
    );
    await eventually('them to be settled', () => other.of('ack').at(-1)?.seq === 3);
    const client = await resumeAt(b, old, 2, { streams: { 'channel:away': position } });
    await client.next('subscribed');
    expect(client.of('message').map(({ data }) => data)).toEqual([1, 2, 3]);
    client.terminate();
    other.terminate();
  });

  it('ends with bye: the socket is closed 1000 and nobody resumes it', async () => {
    const old = await join(a);
    old.client.send({ type: 'bye' });
    expect(await old.client.close()).toMatchObject({ code: 1000 });
    await eventually('the session to be gone', async () => (await (await resumeAt(b, old, 2)).close()).code === 4010);
  });

  it('ends with a bye that comes before welcome, or over a socket that it has just left', async () => {
    const early = await RawClient.open(url(a));
    const token = await here.token('acme', 'ada');
    early.send({ type: 'hello', attempt: 1, token, streams: {}, can: [], hops: 0 }, { type: 'bye' });
    expect(await early.close()).toMatchObject({ code: 1000 });

    const old = await join(a);
    const owner = await resumeAt(b, old, 2);
    await owner.next('welcome');
    old.client.send({ type: 'bye' });
    expect(await owner.close()).toMatchObject({ code: 4010 });
  });

  it('goes on with a renewed credential of its own user, and only of that', async () => {
    const { client } = await join(a);
    client.send({ type: 'token', token: await here.token('acme', 'ada') });
    expect((await client.next('credential')).expiresInMs).toBeGreaterThan(3_000_000);
    client.send({ type: 'token', token: await here.token('acme', 'bob') });
    expect(await client.next('error')).toMatchObject({ code: 'unauthorized' });
    client.send({ type: 'token', token: await here.token('umbrella', 'ada') });
    expect(await client.next('error')).toMatchObject({ code: 'unauthorized' });
    expect(client.closed).toBeNull();
    client.terminate();
  });
});

async function subscribeFromStart(client: RawClient, stream: string): Promise<{ position: { offset: number } }> {
  client.send({ type: 'subscribe', stream });
  return client.next('subscribed');
}

function upgradeStatus(path: string, subprotocol: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(a.port, '127.0.0.1', () => {
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
          `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ${subprotocol}\r\n\r\n`,
      );
    });
    socket.once('data', (data: Buffer) => {
      socket.destroy();
      resolve(data.toString().split('\r\n')[0] ?? '');
    });
    socket.once('error', reject);
  });
}
