import { describe, expect, it } from '@jest/globals';
import { BatonError } from '../../src/lib/baton-error.js';
import { asPublisherId, asSessionId } from '../../src/protocol/ids.js';
import { RedisKeys } from '../../src/redis/keys.js';
import type { RedisCommands, RedisReply } from '../../src/redis/redis-ports.js';
import { RedisStreamLog } from '../../src/streams/redis-stream-log.js';
import type { AppendResult } from '../../src/streams/stream-log.js';
import { ManualClock } from '../support/manual-clock.js';
import { room } from '../support/stream-pod.js';
import { usualLimits, usualSessions } from '../support/streams/log-twin.js';

/** Settles what it is given at once; its replicas confirm from the given call on. */
class LaggingReplicas {
  calls = 0;

  constructor(private readonly confirmFrom: number) {}

  runDurably(): Promise<RedisReply> {
    this.calls += 1;
    if (this.calls < this.confirmFrom) return Promise.reject(new BatonError('unavailable'));
    return Promise.resolve(['1000', this.calls === 1 ? 1 : ['ack', '0', '']]);
  }
  run(): Promise<RedisReply> {
    return Promise.reject(new TypeError('this does not wait for replicas'));
  }
}

function publishTo(redis: LaggingReplicas, clock: ManualClock): { settled: AppendResult | BatonError | null } {
  const ports = { redis: redis as unknown as RedisCommands, keys: new RedisKeys('t:'), clock };
  const log = new RedisStreamLog({ ...ports, observeAppendSeconds: () => undefined }, usualLimits, usualSessions);
  const outcome: { settled: AppendResult | BatonError | null } = { settled: null };
  const item = { kind: 'publish', seq: 1, after: 0, data: '1', readAtMs: 0 } as const;
  log.append(room('acme'), { ...item, session: asSessionId('s'), publisher: asPublisherId('p') }).then(
    (result) => (outcome.settled = result),
    (error: unknown) => (outcome.settled = error as BatonError),
  );
  return outcome;
}

describe('a publish', () => {
  it('is acknowledged once its replicas have confirmed, and its repeats wait for them, too', async () => {
    const clock = new ManualClock();
    const redis = new LaggingReplicas(3);
    const outcome = publishTo(redis, clock);
    await clock.run(2_000);
    expect(redis.calls).toBe(3);
    expect(outcome.settled).toEqual({ kind: 'ack', jumps: [], position: null });
  });

  it('whose replicas never confirm is told "unavailable", not acknowledged', async () => {
    const clock = new ManualClock();
    const outcome = publishTo(new LaggingReplicas(Infinity), clock);
    await clock.run(4_900);
    expect(outcome.settled).toBeNull();
    await clock.run(1_000);
    expect(outcome.settled).toMatchObject({ code: 'unavailable', retryAfterMs: 500 });
  });

  it('whose answer makes no sense is sent again, because nothing is known of its effect', async () => {
    const clock = new ManualClock();
    const redis = new LaggingReplicas(1);
    const answer = redis.runDurably.bind(redis);
    redis.runDurably = () => (redis.calls === 0 ? answer().then(() => 'OK') : answer());
    const outcome = publishTo(redis, clock);
    await clock.run(1_000);
    expect(redis.calls).toBe(2);
    expect(outcome.settled).toMatchObject({ kind: 'ack' });
  });
});
