import { describe, expect, it } from '@jest/globals';
import { MAX_UNANSWERED_SEQUENCES } from '../../../src/protocol/bounds.js';
import { asPublisherId } from '../../../src/protocol/ids.js';
import type { OpenLog } from './log-twin.js';
import { describeReading } from './stream-reading-suite.js';
import { withStream } from './stream-under-test.js';

/**
 * What every log of streams does, in memory and in a Redis of any topology. `open` is called for each test, while it
 * runs; what it opens is the caller's to close.
 */
export function describeStreamLog(name: string, open: OpenLog): void {
  describe(`streams in ${name}`, () => {
    describe('a publish', () => describePublishing(open));
    describe('what is settled', () => describeSettled(open));
    describe('a batch', () => describeBatches(open));
    describeReading(open);
  });
}

function describePublishing(open: OpenLog): void {
  const of = withStream(open);

  it('is appended in the order of the calls', async () => {
    await of.stream.publishAll(1, 150);
    expect(await of.stream.content()).toEqual(Array.from({ length: 150 }, (_, index) => index + 1));
  });

  it('has one effect however often it is repeated', async () => {
    const { stream } = of;
    expect(await stream.publish({ seq: 1 })).toMatchObject({ kind: 'ack', jumps: [], position: { offset: 1 } });
    expect(await stream.publish({ seq: 1 })).toEqual({ kind: 'ack', jumps: [], position: null });
    expect(await stream.publish({ seq: 2 })).toMatchObject({ kind: 'ack', position: { offset: 2 } });
    expect(await stream.publish({ seq: 1, data: '"another"' })).toEqual({ kind: 'ack', jumps: [], position: null });
    expect(await stream.content()).toEqual([1, 2]);
  });

  it('is told "gap" and changes nothing when it is not the next', async () => {
    const { stream } = of;
    expect(await stream.publish({ seq: 2 })).toEqual({ kind: 'gap', last: 0 });
    await stream.publish({ seq: 1 });
    expect(await stream.publish({ seq: 3 })).toEqual({ kind: 'gap', last: 1 });
    expect(await stream.publish({ seq: 4, after: 2 })).toEqual({ kind: 'gap', last: 1 });
    expect(await stream.publish({ seq: 2 })).toMatchObject({ kind: 'ack', position: { offset: 2 } });
    expect(await stream.content()).toEqual([1, 2]);
  });

  it('that is older than it may be is late, and changes nothing', async () => {
    const { stream } = of;
    const readAtMs = stream.twin.nowMs() - 10_500;
    expect(await stream.publish({ seq: 1, readAtMs })).toEqual({ kind: 'late' });
    expect(await stream.publish({ seq: 1 })).toMatchObject({ kind: 'ack', position: { offset: 1 } });
    expect(await stream.publish({ seq: 1, readAtMs })).toEqual({ kind: 'late' });
    expect(await stream.content()).toEqual([1]);
  });

  it('without data settles its sequence and leaves the log alone', async () => {
    const { stream } = of;
    expect(await stream.publish({ seq: 1, kind: 'mark' })).toEqual({ kind: 'ack', jumps: [], position: null });
    expect(await stream.publish({ seq: 2 })).toMatchObject({ position: { offset: 1 } });
    expect(await stream.content()).toEqual([2]);
  });

  it('of seven digits and more is compared as a number', async () => {
    const { stream } = of;
    const [large, largest] = [99_999_999_999_999, 9_007_199_254_740_990];
    expect(await stream.publish({ seq: large, after: 0 })).toMatchObject({ jumps: [[0, large]] });
    expect(await stream.publish({ seq: largest, after: large + 1 })).toEqual({ kind: 'gap', last: large });
    expect(await stream.publish({ seq: largest, after: large })).toMatchObject({ jumps: [[large, largest]] });
  });
}

function describeSettled(open: OpenLog): void {
  const of = withStream(open);

  it('tells a jump, and again each time it is repeated', async () => {
    const { stream } = of;
    await stream.publish({ seq: 1 });
    expect(await stream.publish({ seq: 5, after: 1 })).toMatchObject({ kind: 'ack', jumps: [[1, 5]] });
    expect(await stream.publish({ seq: 5, after: 1 })).toEqual({ kind: 'ack', jumps: [[1, 5]], position: null });
    expect(await stream.publish({ seq: 5, after: 4 })).toEqual({ kind: 'ack', jumps: [[1, 5]], position: null });
    expect(await stream.publish({ seq: 6 })).toMatchObject({ kind: 'ack', jumps: [] });
    expect(await stream.publish({ seq: 9, after: 6, kind: 'mark' })).toMatchObject({ jumps: [[6, 9]] });
    expect(await stream.content()).toEqual([1, 5, 6]);
  });

  it('tells a refusal again with its code and its jump', async () => {
    const { stream } = of;
    const refusal = { seq: 1, kind: 'refuse', code: 'too-big' } as const;
    expect(await stream.publish(refusal)).toEqual({ kind: 'refused', code: 'too-big', jumps: [] });
    expect(await stream.publish({ seq: 1 })).toEqual({ kind: 'refused', code: 'too-big', jumps: [] });
    await stream.publish({ seq: 4, after: 1, kind: 'refuse', code: 'forbidden' });
    expect(await stream.publish({ seq: 4, after: 1 })).toEqual({
      kind: 'refused',
      code: 'forbidden',
      jumps: [[1, 4]],
    });
    expect(await stream.publish({ seq: 5 })).toMatchObject({ kind: 'ack', position: { offset: 1 } });
  });

  it('remembers refusals and jumps of as many sequences as a client may have without an answer', async () => {
    const { stream } = of;
    const refuse = (seq: number) => stream.publish({ seq, after: seq - 2, kind: 'refuse', code: 'forbidden' });
    const [batches, last] = [18, 18 * 128];
    for (let batch = 0; batch < batches; batch += 1)
      await Promise.all(Array.from({ length: 64 }, (_, index) => refuse(batch * 128 + (index + 1) * 2)));
    for (let seq = last - MAX_UNANSWERED_SEQUENCES + 2; seq <= last; seq += 254)
      expect(await stream.publish({ seq })).toEqual({ kind: 'refused', code: 'forbidden', jumps: [[seq - 2, seq]] });
    // Bounded: what is older reads as an acknowledgement, which no client asks for any more.
    expect(await stream.publish({ seq: 2 })).toMatchObject({ kind: 'ack' });
  });

  it('outlives the session and the window, and is kept by an append, a repeat, a mark and a touch', async () => {
    const { stream } = of;
    const { session, publisher, guard } = stream;
    const keeping: readonly (() => Promise<unknown>)[] = [
      () => stream.publish({ seq: 1 }),
      () => stream.publish({ seq: 1 }),
      () => stream.publish({ seq: 2, kind: 'mark' }),
      () => stream.twin.log.touch(stream.owner, session, publisher),
      () => stream.publish({ seq: 9 }),
    ];
    for (const keep of keeping) {
      await stream.twin.keyspace.expireIn(guard, 5_000);
      await keep();
      expect(await stream.ttlMs(guard)).toBeGreaterThan(60_000 + 60_000);
    }
  });

  it('is not made by a touch', async () => {
    const { stream } = of;
    await stream.twin.log.touch(stream.owner, stream.session, stream.publisher);
    expect(await stream.ttlMs(stream.guard)).toBe(0);
  });

  it('is told as it is known after Redis has lost some of it', async () => {
    const { stream } = of;
    await stream.publishAll(1, 3);
    const { log, top } = stream.keys;
    const rewind = await stream.twin.keyspace.remember([log, top, stream.guard]);
    await stream.publishAll(4, 6);
    await rewind();
    expect(await stream.publish({ seq: 7 })).toEqual({ kind: 'gap', last: 3 });
    expect(await stream.publish({ seq: 7, after: 3 })).toMatchObject({ jumps: [[3, 7]], position: { offset: 4 } });
    expect(await stream.content()).toEqual([1, 2, 3, 7]);
  });
}

function describeBatches(open: OpenLog): void {
  const of = withStream(open);

  it('applies the others when one of its items cannot be', async () => {
    const { stream } = of;
    const broken = asPublisherId('broken');
    await stream.twin.keyspace.spoil(stream.keys.publisher(stream.session, broken));
    const results = await Promise.allSettled([
      stream.publish({ seq: 1 }),
      stream.publish({ seq: 1, publisher: broken }),
      stream.publish({ seq: 2 }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: 'internal' } });
    expect(await stream.content()).toEqual([1, 2]);
  });

  it('leaves a publish unsettled when its stream cannot take it', async () => {
    const { stream } = of;
    await stream.twin.keyspace.spoil(stream.keys.log);
    await expect(stream.publish({ seq: 1 })).rejects.toMatchObject({ code: 'internal' });
    await stream.twin.keyspace.remove(stream.keys.log);
    expect(await stream.publish({ seq: 1 })).toMatchObject({ kind: 'ack', position: { offset: 1 } });
  });

  it('of sends has one effect for each key, and a repeat is told where it was put', async () => {
    const { stream } = of;
    expect(await stream.send('"once"', 'k1')).toEqual({ kind: 'sent', offset: 1, repeated: false });
    expect(await stream.send('"once"', 'k1')).toEqual({ kind: 'sent', offset: 1, repeated: true });
    expect(await Promise.all([stream.send('"twice"', 'k2'), stream.send('"twice"', 'k2')])).toEqual([
      { kind: 'sent', offset: 2, repeated: false },
      { kind: 'sent', offset: 2, repeated: true },
    ]);
    expect(await stream.content()).toEqual(['once', 'twice']);
  });
}
