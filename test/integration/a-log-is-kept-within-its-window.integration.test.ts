import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StreamsConfig } from '../../src/config/config.js';
import { randomId } from '../../src/lib/random-id.js';
import type { Position } from '../../src/protocol/position.js';
import { eventually } from '../support/eventually.js';
import { redisAdmin } from '../support/redis-admin.js';
import { room, StreamPod } from '../support/stream-pod.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
const owner = room('acme');
const opened: StreamPod[] = [];
let admin: ReturnType<typeof redisAdmin>;

beforeEach(() => {
  admin = redisAdmin(redis.url);
});
afterEach(() => {
  for (const pod of opened.splice(0)) pod.close();
  admin.disconnect();
});

async function podWith(limits: Partial<StreamsConfig>): Promise<StreamPod> {
  const pod = await StreamPod.start(redis.url, redis.keyPrefix(), limits);
  opened.push(pod);
  return pod;
}
async function send(pod: StreamPod, data: string, times = 1): Promise<void> {
  for (let time = 0; time < times; time += 1)
    await pod.log.append(owner, { kind: 'send', idempotency: randomId(), data: JSON.stringify(data) });
}
const lengthOf = (pod: StreamPod): Promise<number> => admin.xlen(pod.keys.stream(owner).log);
const bytesOf = async (pod: StreamPod): Promise<number> =>
  Number(await admin.hget(pod.keys.stream(owner).top, 'bytes'));
const topOf = async (pod: StreamPod): Promise<Position> => (await pod.log.read(owner, null, 1)).top;

describe('a log', () => {
  it('keeps as many entries as its window says, and at most a sixteenth more', async () => {
    const pod = await podWith({ windowMessages: 32 });
    const start = await topOf(pod);
    const lengths: number[] = [];
    for (let sent = 0; sent < 80; sent += 1) {
      await send(pod, 'x');
      lengths.push(await lengthOf(pod));
    }
    expect(Math.max(...lengths)).toBe(34);
    expect(Math.min(...lengths.slice(32))).toBe(32);
    expect(await pod.log.read(owner, start, 10)).toMatchObject({
      kind: 'reset',
      reason: 'trimmed',
      top: { offset: 80 },
    });
  });

  it('keeps as many bytes as its window says, and always the newest entry', async () => {
    const pod = await podWith({ windowBytes: 1_000 });
    await send(pod, 'x'.repeat(98), 15);
    expect(await lengthOf(pod)).toBe(10);
    expect(await bytesOf(pod)).toBe(1_000);
    const before = await topOf(pod);
    await send(pod, 'y'.repeat(5_000));
    expect(await lengthOf(pod)).toBe(1);
    expect(await pod.log.read(owner, before, 10)).toMatchObject({ kind: 'entries', top: { offset: 16 } });
    await send(pod, 'z');
    expect(await bytesOf(pod)).toBe(3);
  });

  it('forgets entries by age while others keep coming, and all of them when none come', async () => {
    const pod = await podWith({ windowMs: 300 });
    await send(pod, 'old');
    await eventually('the old entry to go', async () => {
      await send(pod, 'new');
      const [oldest] = await admin.xrange(pod.keys.stream(owner).log, '-', '+', 'COUNT', 1);
      return oldest?.[0] !== '0-1';
    });
    await eventually('the log to expire', async () => (await lengthOf(pod)) === 0);
    const top = await topOf(pod);
    expect(top.offset).toBeGreaterThan(1);
    expect(await pod.log.read(owner, top, 10)).toMatchObject({ kind: 'entries', entries: [] });
  });

  it('that has expired starts to count its bytes anew', async () => {
    const pod = await podWith({ windowBytes: 1_000 });
    await send(pod, 'x'.repeat(98), 10);
    const before = await topOf(pod);
    await admin.del(pod.keys.stream(owner).log);
    await send(pod, 'y', 3);
    expect(await lengthOf(pod)).toBe(3);
    expect(await bytesOf(pod)).toBe(9);
    expect(await pod.log.read(owner, before, 10)).toMatchObject({ kind: 'entries', top: { offset: 13 } });
  });

  it('is remembered by its top for longer than it is kept, and every read keeps that', async () => {
    const pod = await podWith({});
    await send(pod, 'x');
    const { log, top } = pod.keys.stream(owner);
    expect(await admin.pttl(log)).toBeGreaterThan(50_000);
    expect(await admin.pttl(top)).toBeGreaterThan(60_000 + 50_000);
    await admin.pexpire(top, 5_000);
    await topOf(pod);
    expect(await admin.pttl(top)).toBeGreaterThan(60_000 + 50_000);
  });

  it('of big entries is read in short pages that miss nothing', async () => {
    const pod = await podWith({ windowBytes: 10_000_000 });
    const start = await topOf(pod);
    const big = 'x'.repeat(60_000);
    for (let sent = 0; sent < 40; sent += 1) await send(pod, big);
    let position = start;
    const pages: number[] = [];
    while (position.offset < 40) {
      const page = await pod.log.read(owner, position, 128);
      if (page.kind === 'reset') throw new Error(page.reason);
      page.entries.forEach(({ offset }, index) => expect(offset).toBe(position.offset + index + 1));
      pages.push(page.entries.length);
      position = page.entries.at(-1) ?? position;
    }
    expect(Math.max(...pages)).toBeLessThanOrEqual(5);
  });
});
