import { describe, expect, it } from '@jest/globals';
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

  it('is ended when it waits for its turn to read for 10 s', async () => {
    const pod = new Pod();
    const sinks = Array.from({ length: 65 }, () => new KeepingSink());
    sinks.forEach((sink, index) => pod.live.subscribe(room('acme', `room-${index}`), null, sink));
    for (const _ of sinks) await pod.do('subscribe', 'push');
    pod.clock.advance(10_000);
    expect(sinks.filter(({ failure }) => failure === null)).toEqual([]);
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
