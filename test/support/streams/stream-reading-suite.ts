import { describe, expect, it } from '@jest/globals';
import { asEntryId } from '../../../src/protocol/ids.js';
import type { Position } from '../../../src/protocol/position.js';
import { KeepingSink } from '../stream-pod.js';
import type { OpenLog } from './log-twin.js';
import { withStream, type StreamUnderTest } from './stream-under-test.js';

const LONG_MS = 60_000 + 50_000;

async function readOffsets(stream: StreamUnderTest, position: Position, limit = 1_000): Promise<readonly number[]> {
  const result = await stream.twin.log.read(stream.owner, position, limit);
  if (result.kind === 'reset') throw new Error(`reset ${result.reason}`);
  return result.entries.map(({ offset }) => offset);
}
const resetFrom = async (stream: StreamUnderTest, position: Position): Promise<unknown> => {
  const result = await stream.twin.log.read(stream.owner, position, 1_000);
  return result.kind === 'reset' ? { reason: result.reason, offset: result.top.offset } : result.kind;
};

/** The second half of what every log of streams does. */
export function describeReading(open: OpenLog): void {
  describe('a position', () => describePositions(open));
  describe('a reset', () => describeResets(open));
  describe('a log', () => describeWindow(open));
  describe('a top', () => describeTop(open));
}

function describePositions(open: OpenLog): void {
  const of = withStream(open);

  it('of an empty log is one, too, and leads to all that follows', async () => {
    const { stream } = of;
    const start = await stream.top();
    expect(start.offset).toBe(0);
    expect(await readOffsets(stream, start)).toEqual([]);
    await stream.publishAll(1, 3);
    expect(await readOffsets(stream, start)).toEqual([1, 2, 3]);
  });

  it('leads to the entries after it, each naming the one before, in pages', async () => {
    const { stream } = of;
    await stream.publishAll(1, 20);
    const from = await stream.top();
    await stream.publishAll(21, 50);
    expect(await readOffsets(stream, from, 10)).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
    const result = await stream.twin.log.read(stream.owner, from, 1_000);
    if (result.kind === 'reset') throw new Error(result.reason);
    let before = from;
    for (const entry of result.entries) {
      expect([entry.offset, entry.prev]).toEqual([before.offset + 1, before.id]);
      before = entry;
    }
    expect(result.top).toEqual({ offset: before.offset, id: before.id });
  });

  it('of nothing means "from now on"', async () => {
    const { stream } = of;
    await stream.publishAll(1, 3);
    expect(await stream.twin.log.read(stream.owner, null, 10)).toMatchObject({
      kind: 'entries',
      entries: [],
      top: { offset: 3 },
    });
  });

  it('leads through pages of big entries that stay short', async () => {
    const { stream } = of;
    const from = await stream.top();
    const big = JSON.stringify('x'.repeat(60_000));
    for (let sent = 0; sent < 12; sent += 1) await stream.send(big);
    expect(await readOffsets(stream, from)).toEqual([1, 2, 3, 4, 5]);
  });
}

function describeResets(open: OpenLog): void {
  const of = withStream(open);

  it('is "lost" when the log is another one', async () => {
    const { stream } = of;
    const start = await stream.top();
    await stream.publishAll(1, 3);
    const position = await stream.top();
    await stream.twin.keyspace.remove(stream.keys.top);
    expect(await resetFrom(stream, position)).toEqual({ reason: 'lost', offset: 0 });
    expect(await resetFrom(stream, start)).toEqual({ reason: 'lost', offset: 0 });
    expect(await resetFrom(stream, { offset: 0, id: asEntryId('never') })).toEqual({ reason: 'lost', offset: 0 });
  });

  it('is "forked" when another entry is at that offset, whether the log is longer by now or not', async () => {
    const { stream } = of;
    await stream.publishAll(1, 3);
    const { log, top } = stream.keys;
    const rewind = await stream.twin.keyspace.remember([log, top]);
    await stream.publishAll(4, 5);
    const position = await stream.top();
    await rewind();
    await stream.publishAll(6, 7);
    expect(await resetFrom(stream, position)).toEqual({ reason: 'forked', offset: 5 });
    await stream.publishAll(8, 9);
    expect(await resetFrom(stream, position)).toEqual({ reason: 'forked', offset: 7 });
  });

  it('is "ahead" as long as the log is shorter than the position', async () => {
    const { stream } = of;
    await stream.publishAll(1, 3);
    const { log, top } = stream.keys;
    const rewind = await stream.twin.keyspace.remember([log, top]);
    await stream.publishAll(4, 6);
    const position = await stream.top();
    await rewind();
    expect(await resetFrom(stream, position)).toEqual({ reason: 'ahead', offset: 3 });
    await stream.publish({ seq: 7 });
    expect(await resetFrom(stream, position)).toEqual({ reason: 'ahead', offset: 4 });
  });

  it('is "trimmed" when an entry after the position is no longer kept', async () => {
    const { stream } = of;
    await stream.publishAll(1, 3);
    const position = await stream.top();
    await stream.publishAll(4, 6);
    await stream.twin.keyspace.remove(stream.keys.log);
    expect(await resetFrom(stream, position)).toEqual({ reason: 'trimmed', offset: 6 });
    await stream.publish({ seq: 7 });
    expect(await resetFrom(stream, position)).toEqual({ reason: 'trimmed', offset: 7 });
  });

  it('is not told to who is at the end of a log that has expired', async () => {
    const { stream } = of;
    await stream.publishAll(1, 3);
    const position = await stream.top();
    await stream.twin.keyspace.remove(stream.keys.log);
    expect(await readOffsets(stream, position)).toEqual([]);
    await stream.publish({ seq: 4 });
    expect(await readOffsets(stream, position)).toEqual([4]);
  });
}

function describeWindow(open: OpenLog): void {
  describe('of 32 messages', () => {
    const of = withStream(open, { windowMessages: 32 });

    it('keeps them and at most a sixteenth more, and the `prev` of the oldest still proves a position', async () => {
      const { stream } = of;
      const positions = [await stream.top()];
      for (let sent = 1; sent <= 35; sent += 1) {
        await stream.send('0');
        positions.push(await stream.top());
      }
      const [reached, trimmed, forked] = [positions[3], positions[2], positions[4]];
      if (!reached || !trimmed || !forked) throw new Error('there are 36 positions');
      expect(await readOffsets(stream, reached)).toHaveLength(32);
      expect(await resetFrom(stream, trimmed)).toEqual({ reason: 'trimmed', offset: 35 });
      expect(await resetFrom(stream, { offset: 3, id: forked.id })).toEqual({ reason: 'forked', offset: 35 });
    });
  });

  describe('of 1,000 bytes', () => {
    const of = withStream(open, { windowBytes: 1_000 });

    it('keeps so many, and always the newest entry', async () => {
      const { stream } = of;
      const positions = [await stream.top()];
      for (let sent = 1; sent <= 15; sent += 1) {
        await stream.send(JSON.stringify('x'.repeat(98)));
        positions.push(await stream.top());
      }
      expect(await readOffsets(stream, positions[5] as Position)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
      expect(await resetFrom(stream, positions[4] as Position)).toMatchObject({ reason: 'trimmed' });
      await stream.send(JSON.stringify('y'.repeat(5_000)));
      expect(await readOffsets(stream, positions[15] as Position)).toEqual([16]);
      expect(await resetFrom(stream, positions[14] as Position)).toMatchObject({ reason: 'trimmed' });
    });
  });

  describe('of 300 ms', () => {
    const of = withStream(open, { windowMs: 300 });

    it('forgets what is older while more comes, and everything when nothing does', async () => {
      const { stream } = of;
      const start = await stream.top();
      await stream.send('"old"');
      await stream.twin.waitFor('the old entry to go', async () => {
        await stream.send('"new"');
        return (await stream.twin.log.read(stream.owner, start, 1)).kind === 'reset';
      });
      const { log } = stream.keys;
      await stream.twin.waitFor('the log to expire', async () => (await stream.twin.keyspace.ttlMs(log)) === null);
      const top = await stream.top();
      expect(top.offset).toBeGreaterThan(1);
      expect(await readOffsets(stream, top)).toEqual([]);
    });
  });
}

function describeTop(open: OpenLog): void {
  const of = withStream(open);

  it('that is missing is made anew, and a log that was left over is removed', async () => {
    const { stream } = of;
    const start = await stream.top();
    await stream.publishAll(1, 3);
    await stream.twin.keyspace.remove(stream.keys.top);
    expect(await stream.publish({ seq: 4 })).toMatchObject({ kind: 'ack', position: { offset: 1 } });
    expect(await resetFrom(stream, start)).toEqual({ reason: 'lost', offset: 1 });
    const top = await stream.top();
    await stream.publish({ seq: 5 });
    expect(await readOffsets(stream, top)).toEqual([2]);
  });

  it('outlives the session and the window, and is kept by an append, a subscribe and the sweep', async () => {
    const { stream } = of;
    const { owner, keys, twin } = stream;
    const shorten = () => twin.keyspace.expireIn(keys.top, 5_000);
    const kept = async () => (await stream.ttlMs(keys.top)) > LONG_MS;
    await stream.send('1');
    expect(await kept()).toBe(true);
    await shorten();
    await stream.send('2');
    expect(await kept()).toBe(true);
    await shorten();
    const sink = new KeepingSink();
    const subscription = twin.live.subscribe(owner, null, sink);
    await twin.waitFor('the answer', () => sink.answers.length > 0);
    expect(await kept()).toBe(true);
    await shorten();
    twin.live.startSweep(40);
    await twin.waitFor('the sweep', kept);
    twin.live.stopSweep();
    subscription.close();
  });
}
