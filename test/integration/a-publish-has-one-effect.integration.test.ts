import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomId } from '../../src/lib/random-id.js';
import { MAX_UNANSWERED_SEQUENCES } from '../../src/protocol/bounds.js';
import { asPublisherId, asSessionId, type PublisherId, type SessionId } from '../../src/protocol/ids.js';
import type { StreamOwner } from '../../src/redis/keys.js';
import type { AppendResult, SequencedItem } from '../../src/streams/stream-log.js';
import { eventually } from '../support/eventually.js';
import { redisAdmin } from '../support/redis-admin.js';
import { room, StreamPod } from '../support/stream-pod.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
let pod: StreamPod;
let other: StreamPod;
let admin: ReturnType<typeof redisAdmin>;
let owner: StreamOwner;
let session: SessionId;
let publisher: PublisherId;

beforeAll(async () => {
  const prefix = redis.keyPrefix();
  pod = await StreamPod.start(redis.url, prefix);
  other = await StreamPod.start(redis.url, prefix);
  admin = redisAdmin(redis.url);
});
afterAll(() => {
  pod.close();
  other.close();
  admin.disconnect();
});
beforeEach(() => {
  owner = room('acme', `room-${randomId().replaceAll(/[-_]/g, 'x')}`);
  session = asSessionId(randomId());
  publisher = asPublisherId(randomId());
});

type Publish = Partial<SequencedItem> & { readonly seq: number };

function item({ seq, ...rest }: Publish): SequencedItem {
  const readAtMs = pod.redis.commands.timeMs('{x}');
  return { kind: 'publish', session, publisher, after: seq - 1, data: JSON.stringify(seq), readAtMs, seq, ...rest };
}
const publish = (what: Publish, through = pod): Promise<AppendResult> => through.log.append(owner, item(what));
const together = (...items: readonly Publish[]): Promise<readonly AppendResult[]> =>
  Promise.all(items.map((what) => publish(what)));

/** The data in the log, oldest first. */
async function content(): Promise<readonly unknown[]> {
  const entries = await admin.xrange(pod.keys.stream(owner).log, '-', '+');
  return entries.map(([, fields]) => JSON.parse(fields[9] ?? '') as unknown);
}

describe('a publish', () => {
  it('has one effect however often and through whatever pod it is repeated', async () => {
    expect(await publish({ seq: 1 })).toMatchObject({ kind: 'ack', jumps: [], position: { offset: 1 } });
    expect(await publish({ seq: 1 })).toEqual({ kind: 'ack', jumps: [], position: null });
    expect(await publish({ seq: 1 }, other)).toEqual({ kind: 'ack', jumps: [], position: null });
    expect(await publish({ seq: 2 }, other)).toMatchObject({ kind: 'ack', position: { offset: 2 } });
    expect(await content()).toEqual([1, 2]);
  });

  it('has one effect when a pipeline arrives through two pods at once', async () => {
    const all = Array.from({ length: 100 }, (_, index) => ({ seq: index + 1 }));
    const answers = await Promise.all(all.flatMap((what) => [publish(what, pod), publish(what, other)]));
    const acked = answers.filter(({ kind }) => kind === 'ack').length;
    expect(acked).toBeGreaterThanOrEqual(100);
    expect(await content()).toEqual(all.map(({ seq }) => seq));
  });

  it('is told "gap" and changes nothing when it is not the next', async () => {
    await publish({ seq: 1 });
    expect(await publish({ seq: 3 })).toEqual({ kind: 'gap', last: 1 });
    expect(await publish({ seq: 4, after: 2 })).toEqual({ kind: 'gap', last: 1 });
    expect(await content()).toEqual([1]);
    expect(await publish({ seq: 2 })).toMatchObject({ kind: 'ack', position: { offset: 2 } });
  });

  it('tells a jump again each time it is repeated', async () => {
    await publish({ seq: 1 });
    expect(await publish({ seq: 5, after: 1 })).toMatchObject({ kind: 'ack', jumps: [[1, 5]] });
    expect(await publish({ seq: 5, after: 1 })).toMatchObject({ kind: 'ack', jumps: [[1, 5]], position: null });
    expect(await publish({ seq: 5, after: 4 }, other)).toMatchObject({ kind: 'ack', jumps: [[1, 5]] });
    expect(await publish({ seq: 6 })).toMatchObject({ kind: 'ack', jumps: [] });
    expect(await content()).toEqual([1, 5, 6]);
  });

  it('stays refused once it was refused, with the code and the jump', async () => {
    expect(await publish({ seq: 1, kind: 'refuse', code: 'too-big' })).toEqual({
      kind: 'refused',
      code: 'too-big',
      jumps: [],
    });
    expect(await publish({ seq: 1 })).toEqual({ kind: 'refused', code: 'too-big', jumps: [] });
    await publish({ seq: 4, after: 1, kind: 'refuse', code: 'forbidden' });
    expect(await publish({ seq: 4, after: 1 }, other)).toEqual({ kind: 'refused', code: 'forbidden', jumps: [[1, 4]] });
    expect(await publish({ seq: 5 })).toMatchObject({ kind: 'ack', position: { offset: 1 } });
    expect(await content()).toEqual([5]);
  });

  it('keeps what it noted about sequences in bounded memory', async () => {
    for (let from = 1; from <= 4 * MAX_UNANSWERED_SEQUENCES; from += 64) {
      await together(
        ...Array.from({ length: 64 }, (_, i) => ({ seq: from + i, kind: 'refuse', code: 'forbidden' }) as const),
      );
    }
    const guard = pod.keys.stream(owner).publisher(session, publisher);
    expect(await admin.hlen(guard)).toBeLessThanOrEqual(2 * MAX_UNANSWERED_SEQUENCES + 1);
    expect(await publish({ seq: 3 * MAX_UNANSWERED_SEQUENCES + 1 })).toMatchObject({ kind: 'refused' });
  });

  it('without data settles its sequence and leaves the log alone', async () => {
    expect(await publish({ seq: 1, kind: 'mark' })).toEqual({ kind: 'ack', jumps: [], position: null });
    expect(await publish({ seq: 2 })).toMatchObject({ position: { offset: 1 } });
    expect(await content()).toEqual([2]);
  });

  it('that a pod kept too long is late, changes nothing, and corrects the estimate of the time', async () => {
    await publish({ seq: 1 });
    pod.redis.commands.observeTimeMs('{x}', 0);
    expect(await publish({ seq: 2, readAtMs: pod.redis.commands.timeMs('{x}') })).toEqual({ kind: 'late' });
    expect(await content()).toEqual([1]);
    const [seconds] = await admin.time();
    expect(Math.abs(pod.redis.commands.timeMs('{x}') / 1000 - Number(seconds))).toBeLessThan(2);
    expect(await publish({ seq: 2 })).toMatchObject({ kind: 'ack' });
  });

  it('of seven digits and more is compared as a number, not as text', async () => {
    const big = 9_007_199_254_740_990;
    expect(await publish({ seq: 99_999_999_999_999, after: 0 })).toMatchObject({ jumps: [[0, 99_999_999_999_999]] });
    expect(await publish({ seq: big, after: 100_000_000_000_000 })).toEqual({ kind: 'gap', last: 99_999_999_999_999 });
    expect(await publish({ seq: big, after: 99_999_999_999_999 })).toMatchObject({ kind: 'ack' });
    expect(await publish({ seq: big })).toMatchObject({ kind: 'ack', jumps: [[99_999_999_999_999, big]] });
  });

  it('is remembered by its publisher for longer than the session and the window, repeats included', async () => {
    await publish({ seq: 1 });
    const guard = pod.keys.stream(owner).publisher(session, publisher);
    expect(await admin.pttl(guard)).toBeGreaterThan(60_000 + 60_000);
    await admin.pexpire(guard, 5_000);
    await publish({ seq: 1 });
    expect(await admin.pttl(guard)).toBeGreaterThan(60_000 + 60_000);
    await admin.pexpire(guard, 5_000);
    await publish({ seq: 2, kind: 'mark' });
    expect(await admin.pttl(guard)).toBeGreaterThan(60_000 + 60_000);
  });
});

describe('a batch', () => {
  it('applies the others when one of its items cannot be', async () => {
    const broken = asPublisherId('broken');
    await admin.set(pod.keys.stream(owner).publisher(session, broken), 'not a hash', 'PX', 60_000);
    const results = await Promise.allSettled([
      publish({ seq: 1 }),
      publish({ seq: 1, publisher: broken }),
      publish({ seq: 2 }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: 'internal' } });
    expect(await content()).toEqual([1, 2]);
  });

  it('leaves a publish unsettled when its stream cannot take it', async () => {
    await admin.set(pod.keys.stream(owner).log, 'not a stream', 'PX', 60_000);
    await admin.hset(pod.keys.stream(owner).top, { epoch: 'e', offset: 0, id: 'e', bytes: 0 });
    await expect(publish({ seq: 1 })).rejects.toMatchObject({ code: 'internal' });
    await admin.del(pod.keys.stream(owner).log);
    expect(await publish({ seq: 1 })).toMatchObject({ kind: 'ack', position: { offset: 1 } });
  });

  it('is one script and one message for what one turn appends', async () => {
    const heard: string[] = [];
    await other.redis.subscriber.subscribe(pod.keys.stream(owner).live, (message) => heard.push(message));
    await together(...Array.from({ length: 60 }, (_, index) => ({ seq: index + 1 })));
    await eventually('the message', () => heard.length > 0);
    expect(heard).toHaveLength(1);
    expect(heard[0]?.split('\n')).toHaveLength(60);
  });

  it('is cut at 128 items, and the rest follows in order', async () => {
    await together(...Array.from({ length: 300 }, (_, index) => ({ seq: index + 1 })));
    expect(await content()).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
  });
});

describe('a send with an idempotency key', () => {
  it('has one effect, and its repeat is told where it was put', async () => {
    const send = { kind: 'send', idempotency: randomId(), data: '"once"' } as const;
    expect(await pod.log.append(owner, send)).toEqual({ kind: 'sent', offset: 1, repeated: false });
    expect(await other.log.append(owner, send)).toEqual({ kind: 'sent', offset: 1, repeated: true });
    const twice = { ...send, idempotency: randomId() };
    const both = await Promise.all([pod.log.append(owner, twice), pod.log.append(owner, twice)]);
    expect(both).toEqual([
      { kind: 'sent', offset: 2, repeated: false },
      { kind: 'sent', offset: 2, repeated: true },
    ]);
    expect(await content()).toEqual(['once', 'once']);
  });
});
