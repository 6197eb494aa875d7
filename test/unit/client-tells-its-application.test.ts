import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type Client, type ClientError, type Message, type Reset } from '../../src/client/index.js';
import { asChannelName, asEntryId } from '../../src/protocol/ids.js';
import { eventually } from '../support/eventually.js';
import { settle } from '../support/manual-clock.js';
import { ScriptedService, type ScriptedConnection } from '../support/scripted-service.js';

const stream = 'channel:a';
const id = (offset: number) => asEntryId(`e${offset}`);
const position = (offset: number) => ({ offset, id: id(offset) });
const message = (offset: number) =>
  ({ type: 'message', stream, offset, id: id(offset), prev: id(offset - 1), data: { n: offset } }) as const;
const subscribed = (offset: number) => ({ type: 'subscribed', stream, position: position(offset) }) as const;

let service: ScriptedService;
let client: Client;
let pod: ScriptedConnection;

beforeEach(async () => {
  service = await ScriptedService.start();
  client = connect({ url: service.url, token: 'token', maxUnsettled: 3, random: () => 0 });
  pod = await service.connection(1);
  pod.welcome();
  await client.ready;
});
afterEach(async () => {
  void client.close();
  await service.stop();
});

describe('a subscription', () => {
  it('gives messages to its handler in order, with their data', async () => {
    const seen: Message[] = [];
    const subscription = client.subscribe(stream, (each) => seen.push(each));
    await pod.next('subscribe');
    pod.send(subscribed(0), message(1), message(2));
    await expect(subscription.ready).resolves.toEqual(position(0));
    await eventually('both', () => seen.length === 2);
    expect(seen).toMatchObject([
      { offset: 1, data: { n: 1 } },
      { stream, offset: 2, id: 'e2' },
    ]);
    expect(subscription.position).toEqual(position(2));
  });

  it('goes on when its handler throws, which is told as an error', async () => {
    const seen: number[] = [];
    const errors: ClientError[] = [];
    client.on('error', (error) => errors.push(error));
    client.subscribe(stream, ({ offset }) => {
      seen.push(offset);
      throw new Error(`no ${offset}`);
    });
    await pod.next('subscribe');
    pod.send(subscribed(0), message(1), message(2));
    await eventually('both', () => seen.length === 2);
    expect(errors.map(({ code, cause }) => [code, (cause as Error).message])).toEqual([
      ['callback', 'no 1'],
      ['callback', 'no 2'],
    ]);
  });

  it('shares its stream with others, and the last one to close unsubscribes', async () => {
    const [one, two]: [number[], number[]] = [[], []];
    const first = client.subscribe(stream, ({ offset }) => one.push(offset));
    await pod.next('subscribe');
    pod.send(subscribed(0), message(1));
    await eventually('the first', () => one.length === 1);
    const second = client.subscribe(stream, ({ offset }) => two.push(offset));
    await expect(second.ready).resolves.toEqual(position(1));
    first.close();
    pod.send(message(2));
    await eventually('the second', () => two.length === 1);
    expect(one).toEqual([1]);
    second.close();
    await pod.next('unsubscribe');
  });

  it('continues from a position that was kept', async () => {
    client.subscribe(stream, () => undefined, { from: position(7) });
    expect(await pod.next('subscribe')).toEqual({ type: 'subscribe', stream, position: position(7) });
    expect(() => client.subscribe(stream, null, { from: position(3) })).toThrow('subscribed already');
  });

  it('tells a reset at once, on itself and on the client', async () => {
    const resets: Reset[] = [];
    const subscription = client.subscribe(stream, () => undefined);
    subscription.on('reset', (reset) => resets.push(reset));
    client.on('reset', (reset) => resets.push(reset));
    await pod.next('subscribe');
    pod.send(subscribed(0), { type: 'reset', stream, reason: 'trimmed', position: position(40) });
    await eventually('both', () => resets.length === 2);
    expect(resets[0]).toEqual({ stream, reason: 'trimmed', position: position(40) });
  });

  it('that is refused ends with the code of the service', async () => {
    const subscription = client.subscribe(stream, () => undefined);
    const ended: string[] = [];
    subscription.on('ended', ({ code }) => ended.push(code));
    await pod.next('subscribe');
    pod.send({ type: 'error', code: 'forbidden', message: 'no grant', stream });
    await expect(subscription.ready).rejects.toMatchObject({ code: 'forbidden', message: 'no grant' });
    expect(ended).toEqual(['forbidden']);
  });

  it('is refused here if it is no stream, or one too many', () => {
    expect(() => client.subscribe('nonsense' as 'user')).toThrow('"nonsense" is no stream name');
    for (let n = 0; n < 128; n += 1) client.subscribe(`channel:${n}`, () => undefined);
    expect(() => client.subscribe('channel:one-more')).toThrow('at most 128 streams');
  });
});

describe('a presence', () => {
  it('that is refused rejects, is an error of the client, and leaves a subscription of the channel alone', async () => {
    const errors: ClientError[] = [];
    client.on('error', (error) => errors.push(error));
    const seen: number[] = [];
    const subscription = client.subscribe(stream, ({ offset }) => seen.push(offset));
    await pod.next('subscribe');
    pod.send(subscribed(0));
    await subscription.ready;
    const presence = client.presence('a');
    // Nobody waits for this one.
    client.presence('b');
    await pod.next('presence');
    await pod.next('presence');
    const refusal = { type: 'error', code: 'forbidden', message: 'no grant' } as const;
    pod.send({ ...refusal, channel: asChannelName('b') }, { ...refusal, channel: asChannelName('a') }, message(1));
    await expect(presence.ready).rejects.toMatchObject({ code: 'forbidden' });
    await eventually('the message', () => seen.length === 1);
    expect(errors.map(({ code }) => code)).toEqual(['forbidden', 'forbidden']);
  });
});

describe('an iterated subscription', () => {
  it('gives everything in order, and ends the subscription with its loop', async () => {
    const seen: number[] = [];
    const subscription = client.subscribe(stream);
    await pod.next('subscribe');
    pod.send(subscribed(0), message(1), message(2), message(3));
    for await (const { offset } of subscription) {
      seen.push(offset);
      if (offset === 3) break;
    }
    expect(seen).toEqual([1, 2, 3]);
    await pod.next('unsubscribe');
  });

  it('holds the stream up while its loop is behind, and misses nothing', async () => {
    const subscription = client.subscribe(stream, null, { capacity: 2 });
    await pod.next('subscribe');
    pod.send(subscribed(0), message(1), message(2), message(3));
    await pod.next('unsubscribe');
    expect(subscription.position).toEqual(position(0));
    pod.send(message(4), { type: 'unsubscribed', stream });
    const loop = subscription[Symbol.asyncIterator]();
    await expect(loop.next()).resolves.toMatchObject({ value: { offset: 1 } });
    expect(await pod.next('subscribe')).toEqual({ type: 'subscribe', stream, position: position(2) });
    pod.send(message(3), message(4), subscribed(4));
    for (const offset of [2, 3, 4]) await expect(loop.next()).resolves.toMatchObject({ value: { offset } });
  });

  it('ends with an error if the service ends it', async () => {
    const loop = client.subscribe(stream)[Symbol.asyncIterator]();
    await pod.next('subscribe');
    const next = loop.next();
    pod.send({ type: 'error', code: 'forbidden', message: 'no grant', stream });
    await expect(next).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('publish', () => {
  it.each([
    ['no stream name', 'bad-stream', 'nonsense', 1],
    ['no JSON', 'bad-frame', stream, undefined],
    ['JSON that is too deep', 'bad-frame', stream, JSON.parse('['.repeat(40) + ']'.repeat(40))],
    ['data that is too big', 'too-big', stream, 'x'.repeat(65_536)],
    ['data that is too big as UTF-8', 'too-big', stream, '€'.repeat(25_000)],
  ])('of %s is refused here', async (_, code, name, data) => {
    await expect(client.publish(name as 'user', data as string)).rejects.toMatchObject({ code });
    await settle();
    expect(pod.frames).toHaveLength(1);
  });

  it('says when too many wait for their answer', async () => {
    const waiting = [1, 2, 3].map((n) => client.publish(stream, n));
    await expect(client.publish(stream, 4)).rejects.toMatchObject({ code: 'too-many-unsettled' });
    await pod.next('publish');
    pod.send({ type: 'ack', stream, from: 1, seq: 3 });
    await expect(Promise.all(waiting)).resolves.toEqual([{ seq: 1 }, { seq: 2 }, { seq: 3 }]);
  });

  it('keeps the data as it was when it was called', async () => {
    const data = { n: 1 };
    void client.publish(stream, data).catch(() => undefined);
    data.n = 2;
    pod.terminate();
    const again = await service.connection(2);
    again.welcome();
    expect(await again.next('publish')).toMatchObject({ data: { n: 1 } });
  });

  it('rejects what the service refuses, and the others go on', async () => {
    const refused = client.publish(stream, 1);
    const taken = client.publish(stream, 2);
    await pod.next('publish');
    pod.send({ type: 'refused', stream, seq: 1, code: 'forbidden' }, { type: 'ack', stream, seq: 2 });
    await expect(refused).rejects.toMatchObject({ code: 'forbidden' });
    await expect(taken).resolves.toEqual({ seq: 2 });
  });

  it('tells of acknowledged messages that Redis has lost', async () => {
    const lost: unknown[] = [];
    client.on('lost', (event) => lost.push(event));
    const first = [1, 2].map((n) => client.publish(stream, n));
    await pod.next('publish');
    pod.send({ type: 'ack', stream, from: 1, seq: 2 });
    await Promise.all(first);
    pod.send({ type: 'probe', withinMs: 1 });
    await eventually('the mark', () => pod.frames.some((each) => each.type === 'publish' && each.seq === 3));
    pod.send({ type: 'gap', stream, seq: 3, last: 0 }, { type: 'ack', stream, seq: 3, jumps: [[0, 3]] });
    await eventually('the loss', () => lost.length === 1);
    expect(lost).toEqual([{ stream, ranges: [[1, 2]] }]);
  });

  it('tells of a session that is gone, and can tell no more which of its acknowledged messages are', async () => {
    const events: unknown[] = [];
    client.on('lost', (event) => events.push(event));
    client.on('restarted', (event) => events.push(event));
    const published = client.publish(stream, 1);
    await pod.next('publish');
    pod.send({ type: 'ack', stream, seq: 1 });
    await published;
    pod.close(4010);
    const second = await service.connection(2);
    second.welcome('T');
    second.send({ type: 'probe', withinMs: 1 });
    await eventually('the new session', () => client.session?.id === 'T');
    void client.publish(stream, 2).catch(() => undefined);
    expect(await second.next('publish')).toMatchObject({ seq: 1, after: 0, data: 2 });
    expect(second.hello.publisher).not.toBe(pod.hello.publisher);
    expect(events).toEqual([{ goneSession: 'S' }]);
  });

  it('of which nobody can tell any more says so; what was never sent goes on in the new session', async () => {
    const restarted: unknown[] = [];
    client.on('restarted', (event) => restarted.push(event));
    const sent = client.publish(stream, 1);
    await pod.next('publish');
    const { publisher } = pod.hello;
    client.on('restarted', () => void client.publish(stream, 2).then((each) => restarted.push(each)));
    pod.close(4010);
    await expect(sent).rejects.toMatchObject({ code: 'outcome-unknown' });
    const second = await service.connection(2);
    expect(second.hello).toMatchObject({ attempt: 1, token: 'token' });
    expect(second.hello.session).toBeUndefined();
    expect(second.hello.publisher).not.toBe(publisher);
    second.welcome('S2');
    expect(await second.next('publish')).toMatchObject({ seq: 1, after: 0, data: 2 });
    second.send({ type: 'ack', stream, seq: 1 });
    await eventually('the acknowledgement', () => restarted.length === 2);
    expect(restarted).toEqual([{ goneSession: 'S' }, { seq: 1 }]);
    expect(client.session).toEqual({ id: 'S2' });
  });
});

describe('close', () => {
  it('says bye, waits for its close, and settles everything that waits', async () => {
    const states: string[] = [];
    client.on('state', ({ kind }) => states.push(kind));
    const published = client.publish(stream, 1);
    const subscription = client.subscribe(stream);
    const closed = client.close();
    await pod.next('bye');
    pod.close(1000);
    await closed;
    await expect(published).rejects.toMatchObject({ code: 'outcome-unknown' });
    await expect(subscription.ready).rejects.toMatchObject({ code: 'closed' });
    await expect(client.publish(stream, 2)).rejects.toMatchObject({ code: 'closed' });
    expect(() => client.subscribe(stream)).toThrow('the client has stopped');
    expect(states).toEqual(['stopped']);
    expect(client.state).toEqual({ kind: 'stopped', error: null });
    await client.close();
  });

  it('works from within a callback', async () => {
    client.subscribe(stream, () => void client.close());
    await pod.next('subscribe');
    pod.send(subscribed(0), message(1), message(2));
    await pod.next('bye');
    pod.close(1000);
    await eventually('the end', () => client.state.kind === 'stopped');
  });
});
