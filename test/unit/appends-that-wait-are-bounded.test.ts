import { describe, expect, it } from '@jest/globals';
import { BatonError } from '../../src/lib/baton-error.js';
import { RedisKeys } from '../../src/redis/keys.js';
import type { RedisCommands } from '../../src/redis/redis-ports.js';
import { RedisStreamLog } from '../../src/streams/redis-stream-log.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { room } from '../support/stream-pod.js';

const MIB = 1_048_576;
const data = '"'.padEnd(65_000, 'ä');

/** A Redis that is away from the beginning. */
const away = {
  runDurably: () => Promise.reject(new BatonError('unavailable')),
} as unknown as RedisCommands;

class Pod {
  private readonly clock = new ManualClock();
  private readonly log = new RedisStreamLog(
    { redis: away, keys: new RedisKeys('t:'), clock: this.clock, observeAppendSeconds: () => undefined },
    {
      windowMs: 600_000,
      windowMessages: 1_000,
      windowBytes: MIB,
      appendDeadlineMs: 8_000,
      lateMs: 10_000,
      canaryMs: 2_000,
    },
    { ttlMs: 900_000, sweepMs: 600_000 },
  );
  readonly refusals: BatonError[] = [];

  /** How many of so many wait for Redis. */
  async send(count: number, stream: string): Promise<number> {
    const before = this.refusals.length;
    const appends = Array.from({ length: count }, (_, index) =>
      this.log.append(room('acme', stream), { kind: 'send', idempotency: String(index), data }),
    );
    for (const append of appends) append.catch((error: unknown) => this.refusals.push(error as BatonError));
    await settle();
    return count - (this.refusals.length - before);
  }
  async pass(ms: number): Promise<void> {
    await this.clock.run(ms, 100);
  }
}

const bytes = 256 + Buffer.byteLength(data);
const inStream = Math.floor((16 * MIB) / bytes);
const inPod = Math.floor((64 * MIB) / bytes);

describe('appends that wait for Redis', () => {
  it('take at most 16 MiB a stream; more is refused as busy, and may come again', async () => {
    const pod = new Pod();
    expect(await pod.send(inStream + 10, 'one')).toBe(inStream);
    expect(pod.refusals.map(({ code, retryAfterMs }) => [code, retryAfterMs])).toEqual(
      Array.from({ length: 10 }, () => ['busy', 1_000]),
    );
    expect(await pod.send(1, 'two')).toBe(1);
  });

  it('take at most 64 MiB a pod', async () => {
    const pod = new Pod();
    let waiting = 0;
    for (const stream of ['one', 'two', 'three', 'four', 'five']) waiting += await pod.send(inStream + 1, stream);
    expect(waiting).toBe(inPod);
  });

  it('make room when their deadline is over', async () => {
    const pod = new Pod();
    expect(await pod.send(inStream + 1, 'one')).toBe(inStream);
    await pod.pass(9_000);
    expect(pod.refusals.filter(({ code }) => code === 'unavailable')).toHaveLength(inStream);
    expect(await pod.send(inStream + 1, 'one')).toBe(inStream);
  });
});
