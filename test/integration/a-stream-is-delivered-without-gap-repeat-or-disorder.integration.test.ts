import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomId } from '../../src/lib/random-id.js';
import { eventually } from '../support/eventually.js';
import { redisAdmin } from '../support/redis-admin.js';
import { KeepingSink, StreamPod, room } from '../support/stream-pod.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis({ alwaysOwn: true });
const owner = room('acme');
let prefix: string;
let a: StreamPod;
let b: StreamPod;
let admin: ReturnType<typeof redisAdmin>;

beforeEach(async () => {
  prefix = redis.keyPrefix();
  a = await StreamPod.start(redis.url, prefix);
  b = await StreamPod.start(redis.url, prefix);
  admin = redisAdmin(redis.url);
});
afterEach(() => {
  a.close();
  b.close();
  admin.disconnect();
});

const send = (pod: StreamPod, data: unknown): Promise<unknown> =>
  pod.log.append(owner, { kind: 'send', idempotency: randomId(), data: JSON.stringify(data) });

async function sendMany(pod: StreamPod, name: string, count: number): Promise<void> {
  for (let number = 1; number <= count; number += 1) await send(pod, `${name}${number}`);
}

function expectWhole(sink: KeepingSink, from: number): void {
  sink.messages.forEach((message, index) => {
    expect(message.offset).toBe(from + index);
    if (index > 0) expect(message.prev).toBe(sink.messages[index - 1]?.id);
  });
  expect(sink.resets).toEqual([]);
}

describe('a stream', () => {
  it('has a position while it is empty, and "from now on" begins there', async () => {
    const sink = new KeepingSink();
    a.live.subscribe(owner, null, sink);
    const [position] = await eventually('the answer', () => sink.answers.length === 1 && sink.answers);
    expect(position?.offset).toBe(0);
    await send(b, 'first');
    await eventually('the message', () => sink.messages.length === 1);
    expect(sink.messages[0]?.prev).toBe(position?.id);
  });

  it('reaches subscribers that join in the middle, from any position, whole and in order', async () => {
    const start = await a.log.read(owner, null, 1);
    const sinks: KeepingSink[] = [];
    const traffic = Promise.all([sendMany(a, 'a', 150), sendMany(b, 'b', 150), sendMany(b, 'c', 150)]);
    for (let joined = 0; joined < 20; joined += 1) {
      const sink = new KeepingSink();
      (joined % 2 === 0 ? a : b).live.subscribe(owner, start.top, sink);
      sinks.push(sink);
      await send(a, `joined ${joined}`);
    }
    await traffic;
    for (const sink of sinks) {
      await eventually(
        () => `470 messages, not ${sink.messages.length}`,
        () => sink.messages.length === 470,
      );
      expectWhole(sink, 1);
      expect(sink.answers).toHaveLength(1);
    }
  });

  it('loses nothing when the connections of pub/sub are cut again and again', async () => {
    const sink = new KeepingSink();
    a.live.subscribe(owner, null, sink);
    await eventually('the answer', () => sink.answers.length === 1);
    for (let round = 0; round < 5; round += 1) {
      await sendMany(b, `round ${round} `, 30);
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    }
    await sendMany(b, 'last ', 10);
    await eventually(
      () => `160 messages, not ${sink.messages.length}`,
      () => sink.messages.length === 160,
    );
    expectWhole(sink, 1);
  });

  it('catches a full receiver up from the log once it has room', async () => {
    const slow = new KeepingSink();
    const fast = new KeepingSink();
    const subscription = a.live.subscribe(owner, null, slow);
    a.live.subscribe(owner, null, fast);
    await eventually('both answers', () => slow.answers.length + fast.answers.length === 2);
    await sendMany(b, 'x', 5);
    await eventually('both to have 5', () => slow.messages.length + fast.messages.length === 10);
    slow.full = true;
    await sendMany(b, 'y', 300);
    await eventually('the fast one to have all', () => fast.messages.length === 305);
    expect(slow.messages).toHaveLength(5);
    slow.full = false;
    subscription.resume();
    await eventually('the slow one to have all', () => slow.messages.length === 305);
    expectWhole(slow, 1);
    expect(slow.answers).toHaveLength(1);
  });

  it('goes on after SCRIPT FLUSH', async () => {
    await send(a, 1);
    await admin.script('FLUSH');
    await send(a, 2);
    const page = await a.log.read(owner, null, 1);
    expect(page.top.offset).toBe(2);
  });
});

describe('a log that is another one than the position says', () => {
  const { log, top } = { log: (): string => a.keys.stream(owner).log, top: (): string => a.keys.stream(owner).top };

  it.each([
    ['gone: lost', async () => admin.del(log(), top()), 0, ['lost', 'ahead']],
    ['gone and shorter: ahead', async () => admin.del(log(), top()), 2, ['ahead']],
    ['gone and grown to the same offset: forked', async () => admin.del(log(), top()), 5, ['forked']],
    ['gone and grown past it: forked', async () => admin.del(log(), top()), 9, ['forked']],
    ['without its top, with a left-over log: it starts anew', async () => admin.del(top()), 9, ['forked']],
  ])('%s', async (_what, rewind, regrown, reasons) => {
    await sendMany(a, 'old', 5);
    const { top: position } = await a.log.read(owner, null, 1);
    await rewind();
    await sendMany(b, 'new', regrown);
    const sink = new KeepingSink();
    a.live.subscribe(owner, position, sink);
    await eventually('the answer', () => sink.answers.length === 1);
    expect(reasons).toContain(sink.resets[0]);
    await send(b, 'after');
    await eventually('the message after the reset', () => sink.messages.length === 1);
    expect(sink.messages[0]?.offset).toBe(regrown + 1);
  });

  it('is told to those who are live, too', async () => {
    const sink = new KeepingSink();
    a.live.subscribe(owner, null, sink);
    await eventually('the answer', () => sink.answers.length === 1);
    await sendMany(b, 'old', 3);
    await eventually('the messages', () => sink.messages.length === 3);
    await admin.del(log(), top());
    await sendMany(b, 'new', 2);
    await eventually('the reset', () => sink.resets.length > 0 && sink.answers.length > 1);
    const told = sink.messages.length;
    await send(b, 'after');
    await eventually('the message after it', () => sink.messages.length > told);
    expect(sink.messages.at(-1)?.data).toBe('after');
  });

  it('is not said of one whose entries were only trimmed up to the position', async () => {
    const small = await StreamPod.start(redis.url, prefix, { windowMessages: 10 });
    await sendMany(small, 'x', 20);
    const { top: position } = await small.log.read(owner, null, 1);
    await sendMany(small, 'y', 10);
    expect(await small.log.read(owner, position, 100)).toMatchObject({ kind: 'entries' });
    await sendMany(small, 'z', 1);
    expect(await small.log.read(owner, position, 100)).toMatchObject({ kind: 'reset', reason: 'trimmed' });
    small.close();
  });
});
