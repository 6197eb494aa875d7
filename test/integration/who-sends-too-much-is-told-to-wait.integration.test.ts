import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type Client } from '../../src/client/index.js';
import { OpenConnections } from '../../src/connections/open-connections.js';
import type { RunningPod } from '../../src/start-pod.js';
import { eventually } from '../support/eventually.js';
import { CONTINUATION, fragments, frame, json, PING, PONG, TEXT, text } from '../support/frames/frame-bytes.js';
import { RawSocket } from '../support/frames/raw-socket.js';
import { install, joinAs, startPodHere, type Installation } from '../support/in-process-pod.js';
import { RawClient } from '../support/raw-client.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
let here: Installation;
/** Its rates are low. */
let tight: RunningPod;
/** Has the usual rates, short queues and room for few. */
let small: RunningPod;
let token: string;
/** Those who don't stop, all at once; each resolves with what it heard at last. */
let ends: ReadonlyMap<string, Promise<readonly string[]>>;

beforeAll(async () => {
  here = await install({ url: redis.url, keyPrefix: redis.keyPrefix() }, []);
  tight = await startPodHere(here.environment, 'tight', {
    BATON_MESSAGES_PER_SECOND: '200',
    BATON_SUBSCRIBES_PER_SECOND: '5',
    BATON_NEW_STREAMS_PER_SECOND: '3',
    BATON_HELLOS_PER_SECOND: '20',
  });
  small = await startPodHere(here.environment, 'small', {
    BATON_CAPACITY: '3',
    BATON_HELLOS_PER_SECOND: '20',
    BATON_OUTBOUND_QUEUE_BYTES: '65536',
  });
  token = await here.token('acme', 'ada');
  ends = new Map(Object.entries(floods).map(([what, bytes]) => [what, flood(bytes)]));
});
afterAll(async () => {
  await Promise.allSettled(ends.values());
  await Promise.all([tight.close(), small.close()]);
  await here.remove();
});

const publish = (seq: number, stream = 'channel:rates'): object => ({
  type: 'publish',
  stream,
  seq,
  after: seq - 1,
  data: seq,
});
const tiny = Buffer.concat(fragments(TEXT, Buffer.from('{"type":"pong"}'), 1));

/** Each many times what the rates allow. */
const floods: Readonly<Record<string, Buffer>> = {
  publishes: json(publish(1)),
  'frames that are none': text('?'),
  pings: frame(PING, 'there?'),
  pongs: frame(PONG, 'here'),
  'pongs of the protocol': json({ type: 'pong' }),
  unsubscribes: json({ type: 'unsubscribe', stream: 'user' }),
  'messages in fragments of one byte': tiny,
  'empty messages': text(''),
};

async function flood(bytes: Buffer): Promise<readonly string[]> {
  const raw = await RawSocket.join(tight.port, token);
  const many = Buffer.concat(Array<Buffer>(20).fill(bytes));
  await eventually(
    'the service to have had enough',
    async () => {
      await raw.write([many]);
      return raw.over || raw.heard.at(-1)?.startsWith('close');
    },
    { everyMs: 10, withinMs: 20_000 },
  );
  return (await raw.leave()).slice(-3);
}

describe('who goes on although it was told to wait', () => {
  it('harms nobody else on the pod', async () => {
    const reader = await joinAs(tight.port, token, ['channel:beside']);
    const writer = connect({ url: `ws://127.0.0.1:${tight.port}`, token });
    let [slowestMs, ended] = [0, 0];
    for (const end of ends.values()) void end.then(() => (ended += 1));
    for (let data = 0; data < 20; data += 1) {
      const beganMs = performance.now();
      await writer.publish('channel:beside', data);
      await eventually('it to arrive', () => reader.client.of('message').length > data, { everyMs: 2 });
      slowestMs = Math.max(slowestMs, performance.now() - beganMs);
    }
    expect(slowestMs).toBeLessThan(1_500);
    expect(ended).toBeLessThan(ends.size);
    await writer.close();
    reader.client.terminate();
  });

  it.each(Object.keys(floods))('is told busy and closed 4429: %s', async (what) => {
    expect(await ends.get(what)).toEqual(['busy', 'close 4429', 'end']);
  });

  it('leaves no socket behind', async () => {
    await Promise.all(ends.values());
    await eventually('the sockets to be gone', () => tight.app.get(OpenConnections).size <= 2);
  });
});

describe('a frame over a rate', () => {
  it('is answered by an error about it, with the time after which another is taken', async () => {
    const { client } = await joinAs(tight.port, token);
    client.send(...Array.from({ length: 11 }, (_, index) => ({ type: 'subscribe', stream: `channel:${index}` })));
    // New streams have the lower rate: 6 at once.
    expect(await client.next('error')).toMatchObject({ code: 'rate-limited', stream: 'channel:6' });
    await eventually(
      'the other answers',
      () => client.of('error').length === 5 && client.of('subscribed').length === 6,
    );
    client.send({ type: 'presence', channel: 'a', on: true });
    const refused = await eventually('an error about presence', () =>
      client.of('error').find(({ channel }) => channel === 'a'),
    );
    expect(refused).toMatchObject({ code: 'rate-limited', channel: 'a' });
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(1_000);
    client.send({ type: 'unsubscribe', stream: 'channel:0' });
    expect(await client.next('unsubscribed')).toMatchObject({ stream: 'channel:0' });
    expect(client.closed).toBeNull();
    client.send({ type: 'bye' });
    expect(await client.close()).toMatchObject({ code: 1000 });
  });

  it('is sent again by the SDK, so that a burst arrives in the end, once and in order', async () => {
    let refusals = 0;
    const client: Client = connect({
      url: `ws://127.0.0.1:${tight.port}`,
      token,
      backoff: { baseMs: 10, maxMs: 100 },
      observer: ({ type }) => (refusals += type === 'publish' ? 1 : 0),
    });
    const reader = await joinAs(tight.port, token, ['channel:burst']);
    const numbers = Array.from({ length: 500 }, (_, index) => index);
    await Promise.all(numbers.map((number) => client.publish('channel:burst', number)));
    await eventually('all of them', () => reader.client.of('message').length >= numbers.length);
    expect(reader.client.of('message').map(({ data }) => data)).toEqual(numbers);
    expect(refusals).toBeGreaterThan(numbers.length);
    await client.close();
    reader.client.terminate();
  });

  it('is none that goes on with a stream of before: an SDK with twenty times its rate of them moves here at once', async () => {
    const sockets: WebSocket[] = [];
    const said: string[] = [];
    const sent: string[] = [];
    const client = connect({
      url: 'ws://elsewhere',
      token,
      backoff: { baseMs: 10, maxMs: 100 },
      webSocket: (_url, protocol) => {
        const pod = sockets.length === 0 ? small : tight;
        const socket = new WebSocket(`ws://127.0.0.1:${pod.port}/v1/connect`, protocol);
        sockets.push(socket);
        return socket;
      },
      observer: (event) => {
        if (event.type === 'publish') sent.push(`${event.connection} ${event.stream} ${event.seq}`);
        if (event.type === 'welcome' || event.type === 'closed') said.push(event.type);
      },
    });
    const streams = Array.from({ length: 60 }, (_, index) => `channel:many-${index}` as const);
    await Promise.all(streams.map((stream) => client.publish(stream, 'before')));
    sockets[0]?.close();
    await eventually('it to be on the other pod', () => said.length === 3);
    // Its marks are on their way already, and go first.
    await Promise.all(streams.map((stream) => client.publish(stream, 'after')));
    expect(said).toEqual(['welcome', 'closed', 'welcome']);
    // Nothing was refused, so that it had to be sent again.
    expect(new Set(sent).size).toBe(sent.length);
    await client.close();
  });
});

describe('a pod', () => {
  const url = (): string => `ws://127.0.0.1:${small.port}`;

  it('that is full tells newcomers so, and takes them once there is room', async () => {
    const inside = [await joinAs(small.port, token), await joinAs(small.port, token), await joinAs(small.port, token)];
    const outside = await RawClient.open(`${url()}/v1/connect`);
    outside.send({ type: 'hello', attempt: 1, token, streams: {} });
    expect(await outside.next('busy')).toMatchObject({ type: 'busy' });
    expect(await outside.close()).toMatchObject({ code: 1013 });
    const closes: number[] = [];
    const waiting = connect({
      url: url(),
      token,
      backoff: { baseMs: 10, maxMs: 100 },
      observer: (event) => {
        if (event.type === 'closed') closes.push(event.code);
      },
    });
    const published = waiting.publish('channel:room', 'let me in');
    await eventually('it to be sent away', () => closes.includes(1013));
    inside[0]?.client.terminate();
    expect(await published).toMatchObject({ seq: 1 });
    await waiting.close();
    for (const { client } of inside) client.terminate();
  });

  it('cuts who never reads its answers', async () => {
    await eventually('room', () => small.app.get(OpenConnections).size === 0);
    const raw = await RawSocket.join(small.port, token);
    raw.socket.pause();
    const question = Buffer.concat(Array<Buffer>(200).fill(json({ type: 'what is the answer to this? '.repeat(9) })));
    await eventually(
      'the connection to be cut',
      async () => {
        for (let count = 0; count < 20 && raw.socket.writable; count += 1) {
          raw.socket.write(question);
          await turn();
        }
        return small.app.get(OpenConnections).size === 0;
      },
      { everyMs: 1, withinMs: 20_000 },
    );
    raw.socket.destroy();
  });

  it('ends a message that never ends', async () => {
    const raw = await RawSocket.join(tight.port, token);
    await raw.write([
      frame(TEXT, '', { fin: false }),
      ...Array<Buffer>(100).fill(frame(CONTINUATION, '', { fin: false })),
    ]);
    expect(await raw.leave()).toEqual(['close 1008', 'end']);
  });

  it('waits only so long for who says nothing, and for whatever never ends', async () => {
    const server = small.app.getHttpServer();
    expect([server.headersTimeout, server.requestTimeout]).toEqual([10_000, 30_000]);
    Object.assign(server, { headersTimeout: 50, requestTimeout: 100 });
    const body = 'Host: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{';
    const beginnings = [
      '',
      'GET /v1/conn',
      'GET /v1/connect HTTP/1.1\r\nX-Slow: ',
      `POST /v1/messages HTTP/1.1\r\n${body}`,
    ];
    const slow = beginnings.map((beginning) => {
      const raw = RawSocket.connect(small.port);
      raw.socket.write(beginning);
      return raw;
    });
    await eventually('the answers', () => slow.every(({ over }) => over), { everyMs: 5 });
    Object.assign(server, { headersTimeout: 10_000, requestTimeout: 30_000 });
    expect(slow.map(({ heard }) => heard)).toEqual(Array(4).fill(['HTTP 408', 'end']));
  });

  it('refuses three times its rate of hellos that prove nothing, and takes the next that does', async () => {
    const clients = await Promise.all(
      Array.from({ length: 60 }, () => RawClient.open(`ws://127.0.0.1:${tight.port}/v1/connect`)),
    );
    for (const client of clients) client.send({ type: 'hello', attempt: 1, token: 'x.y' });
    const codes = await Promise.all(clients.map(async (client) => (await client.close()).code));
    expect(new Set(codes)).toEqual(new Set([4501]));
    const { client } = await joinAs(tight.port, token);
    client.terminate();
  });

  it('takes so many hellos a second, and tells the others when to come again', async () => {
    const clients = await Promise.all(Array.from({ length: 60 }, () => RawClient.open(`${url()}/v1/connect`)));
    for (const client of clients) client.send({ type: 'hello', attempt: 1, token: 'a.b.c' });
    const codes = await Promise.all(clients.map(async (client) => (await client.close()).code));
    expect(codes.filter((code) => code === 1013).length).toBeGreaterThan(10);
    for (const client of clients) if (client.closed?.code === 1013) expect(client.of('busy')).toHaveLength(1);
  });
});
