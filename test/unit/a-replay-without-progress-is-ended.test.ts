import { describe, expect, it } from '@jest/globals';
import { BatonError } from '../../src/lib/baton-error.js';
import { RedisKeys } from '../../src/redis/keys.js';
import { RedisLiveStreams } from '../../src/streams/redis-live-streams.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { silentLogger } from '../support/silent-logger.js';
import { SimulatedRedis } from '../support/simulated-redis.js';
import { KeepingSink, room } from '../support/stream-pod.js';

const steps = { execute: 0, answer: 1, subscribe: 2, push: 3 };

class Pod {
  readonly redis = new SimulatedRedis();
  readonly clock = new ManualClock();
  readonly live = new RedisLiveStreams(this.redis, this.redis, new RedisKeys('t:'), this.clock, silentLogger);

  async do(...ways: readonly (keyof typeof steps)[]): Promise<void> {
    for (const way of ways) {
      this.redis.step(steps[way]);
      await settle();
    }
  }
}

const isTemporary = (failure: unknown) => failure instanceof BatonError && failure.retryAfterMs !== undefined;

describe('a replay', () => {
  it('is ended when its read is not answered for 10 s, although nothing failed', async () => {
    const pod = new Pod();
    const sink = new KeepingSink();
    pod.live.subscribe(room('acme'), null, sink);
    await pod.do('subscribe', 'push');
    pod.clock.advance(9_999);
    expect(sink.failure).toBeNull();
    pod.clock.advance(1);
    expect(sink.failure).toEqual(new Error('no progress for 10000 ms'));
  });

  it('that waits for its turn to read for 10 s is told to ask again, and is no fault of the connection', async () => {
    const pod = new Pod();
    const sinks = Array.from({ length: 65 }, () => new KeepingSink());
    sinks.forEach((sink, index) => pod.live.subscribe(room('acme', `room-${index}`), null, sink));
    for (const _ of sinks) await pod.do('subscribe', 'push');
    pod.clock.advance(10_000);
    expect(sinks.slice(0, 64).filter(({ failure }) => isTemporary(failure))).toEqual([]);
    expect(sinks[64]?.failure).toMatchObject({ code: 'busy', retryAfterMs: 500 });
  });

  it('that was given up while it waited for its turn is never read', async () => {
    const pod = new Pod();
    const subscriptions = Array.from({ length: 200 }, (_, index) =>
      pod.live.subscribe(room('acme', `room-${index}`), null, new KeepingSink()),
    );
    for (const _ of subscriptions) await pod.do('subscribe', 'push');
    for (const subscription of subscriptions.slice(64, 199)) subscription.close();
    let read = 0;
    while (pod.redis.step(steps.execute)) {
      read += 1;
      await pod.do('answer');
    }
    expect(read).toBe(65);
  });

  it('is told that Redis is away when that is why', async () => {
    const pod = new Pod();
    const sink = new KeepingSink();
    pod.live.subscribe(room('acme'), null, sink);
    await pod.do('subscribe', 'push');
    pod.redis.lose();
    await pod.clock.run(9_900);
    expect(sink.failure).toBeNull();
    await pod.clock.run(200);
    expect(sink.failure).toMatchObject({ code: 'unavailable', retryAfterMs: 500 });
    expect(pod.clock.timers).toBeLessThanOrEqual(1);
  });

  it('that nobody waits for, because the subscribe was answered, goes on however long Redis is away', async () => {
    const pod = new Pod();
    const sink = new KeepingSink();
    const subscription = pod.live.subscribe(room('acme'), null, sink);
    await pod.do('subscribe', 'push', 'execute', 'answer');
    sink.full = true;
    pod.redis.publish(2);
    await pod.do('push');
    pod.redis.lose();
    sink.full = false;
    subscription.resume();
    await pod.clock.run(60_000, 100);
    expect([sink.failure, sink.messages]).toEqual([null, []]);
    pod.redis.restore();
    for (let round = 0; round < 20; round += 1) {
      await pod.clock.run(100, 100);
      await pod.do('execute', 'answer');
    }
    expect(sink.messages.map(({ offset }) => offset)).toEqual([1, 2]);
    expect([sink.failure, sink.answers.length]).toEqual([null, 1]);
  });

  it('has 10 s again after each page', async () => {
    const pod = new Pod();
    const from = pod.redis.top;
    pod.redis.publish(9);
    const sink = new KeepingSink();
    pod.live.subscribe(room('acme'), from, sink);
    await pod.do('subscribe', 'push');
    for (const received of [3, 6, 9]) {
      pod.clock.advance(9_000);
      await pod.do('execute', 'answer');
      expect(sink.messages).toHaveLength(received);
    }
    expect(sink.failure).toBeNull();
  });

  it('that waits for the pod to come where it is has 10 s, too', async () => {
    const pod = new Pod();
    pod.live.subscribe(room('acme'), null, new KeepingSink());
    await pod.do('subscribe', 'push', 'execute', 'answer');
    pod.redis.publish(1);
    const sink = new KeepingSink();
    pod.live.subscribe(room('acme'), null, sink);
    await pod.do('execute', 'answer');
    expect([sink.answers, sink.failure]).toEqual([[], null]);
    pod.clock.advance(10_000);
    expect(sink.failure).toBeInstanceOf(Error);
  });

  it('leaves no timer behind once it is answered or closed', async () => {
    const pod = new Pod();
    const answered = new KeepingSink();
    pod.live.subscribe(room('acme'), null, answered);
    const closed = pod.live.subscribe(room('acme'), null, new KeepingSink());
    await pod.do('subscribe', 'push');
    closed.close();
    await pod.do('execute', 'answer', 'execute', 'answer');
    expect(answered.answers).toHaveLength(1);
    expect(pod.clock.timers).toBe(0);
  });
});
