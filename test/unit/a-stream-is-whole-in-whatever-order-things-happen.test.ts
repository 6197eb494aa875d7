import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Position } from '../../src/protocol/position.js';
import { RedisKeys } from '../../src/redis/keys.js';
import { RedisLiveStreams } from '../../src/streams/redis-live-streams.js';
import { CheckingSink } from '../support/checking-sink.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { silentLogger } from '../support/silent-logger.js';
import { SimulatedRedis } from '../support/simulated-redis.js';
import { room } from '../support/stream-pod.js';

const owner = room('acme');
/** Between two tries of a read that failed. */
const LONGEST_PAUSE_MS = 1_000;

class Play {
  readonly redis = new SimulatedRedis();
  readonly sinks: CheckingSink[] = [];
  private readonly clock = new ManualClock();
  private readonly live = new RedisLiveStreams(this.redis, this.redis, new RedisKeys('t:'), this.clock, silentLogger);
  /** Positions that somebody may have seen. */
  private readonly seen: Position[] = [];
  resetsAllowed = false;
  /** Where the log was when it was replaced behind everybody's back: at the latest there it is found out. */
  private replacedAt = 0;

  async act(what: number, detail: number): Promise<void> {
    this.seen.push(this.redis.top);
    const sink = this.sinks[detail % this.sinks.length];
    if (what < 58) this.redis.step(detail);
    else if (what < 72) this.redis.publish(1 + (detail % 3));
    else if (what < 80) this.join(detail % 3 === 0 ? null : (this.seen[detail % this.seen.length] ?? null));
    else if (what < 82) sink?.close();
    else if (what < 83 && sink) sink.fragile = true;
    else if (what < 86 && sink) sink.full = true;
    else if (what < 90) drain(sink);
    else if (what < 92) this.redis.lose();
    else if (what < 94) this.redis.restore();
    else if (what < 96) await this.calm();
    else this.disaster(what, detail);
    await settle();
    this.clock.advance(1);
  }

  join(position: Position | null): CheckingSink {
    const sink = new CheckingSink(position);
    sink.subscription = this.live.subscribe(owner, position, sink);
    this.sinks.push(sink);
    return sink;
  }

  /** Whatever is under way arrives and nothing new happens: then everybody is where the log is. */
  async calm(): Promise<void> {
    this.redis.restore();
    while (this.redis.top.offset <= this.replacedAt) this.redis.publish(1);
    this.replacedAt = 0;
    this.sinks.forEach(drain);
    for (let quiet = 0, rounds = 0; quiet < 3; quiet += 1) {
      for (; !this.redis.idle; rounds += 1) {
        if (rounds > 1_000) throw new Error('it never comes to rest: something reads again and again');
        for (const way of [0, 1, 2, 3]) this.redis.step(way);
        await settle();
        quiet = 0;
      }
      this.clock.advance(LONGEST_PAUSE_MS);
      await settle();
    }
    this.sinks.forEach((sink) => this.expectWhole(sink));
  }

  private expectWhole(sink: CheckingSink): void {
    expect(sink.complaints).toEqual([]);
    if (!this.resetsAllowed) expect(sink.resets).toBe(0);
    if (sink.closed) return;
    expect(sink.position).toEqual(this.redis.top);
    expect(sink.subscription?.position).toEqual(this.redis.top);
    expect(sink.answered).toBe(true);
  }

  private disaster(what: number, detail: number): void {
    this.resetsAllowed = true;
    if (what === 96) {
      this.redis.trim(detail % 4);
      return;
    }
    const before = this.redis.top.offset;
    if (detail % 5 === 0) this.redis.flush();
    else this.redis.rewind(1 + (detail % 4));
    if (what === 97) this.replacedAt = Math.max(this.replacedAt, before);
    else this.redis.lose();
  }
}

function drain(sink: CheckingSink | undefined): void {
  if (!sink) return;
  sink.full = false;
  sink.subscription?.resume();
}

/** Left to itself, the generator prefers short scripts and small numbers, in which little happens. */
const act = fc.noBias(fc.tuple(fc.integer({ min: 0, max: 99 }), fc.nat(1_000)));
const acts = fc.array(act, { minLength: 10, maxLength: 200, size: 'max' });

describe('a stream on a pod', () => {
  it('is whole for every receiver, in whatever order things happen', async () => {
    let received = 0;
    let resets = 0;
    await fc.assert(
      fc.asyncProperty(acts, async (script) => {
        const play = new Play();
        play.join(null);
        for (const [what, detail] of script) await play.act(what, detail);
        await play.calm();
        for (const sink of play.sinks) {
          received += sink.received;
          resets += sink.resets;
        }
      }),
      { numRuns: 400 },
    );
    // The search would prove nothing if nothing happened in it.
    expect(received).toBeGreaterThan(1_000);
    expect(resets).toBeGreaterThan(100);
  });

  it('notices a log that is replaced behind its back at its next message, even if it has read further than it heard', async () => {
    const play = new Play();
    play.resetsAllowed = true;
    const sink = play.join(null);
    await play.calm();
    play.redis.publish(1);
    await play.calm();
    play.redis.lose();
    play.redis.publish(2);
    await play.calm();
    const { offset } = play.redis.top;
    expect(sink.position?.offset).toBe(offset);
    play.redis.rewind(2);
    play.redis.publish(1);
    await play.calm();
    expect([sink.position?.offset, sink.resets]).toEqual([offset - 1, 1]);
  });

  it('does not miss what is published while its first receiver reads', async () => {
    const play = new Play();
    const sink = play.join(null);
    const steps = { execute: 0, answer: 1, subscribe: 2, push: 3 };
    for (const way of [steps.subscribe, steps.push]) {
      play.redis.step(way);
      await settle();
    }
    play.redis.step(steps.execute);
    play.redis.publish(1);
    play.redis.step(steps.push);
    await settle();
    play.redis.step(steps.answer);
    await play.calm();
    expect(sink.received).toBe(1);
  });

  it('is found to be another one by the first message of all that it hears', async () => {
    const play = new Play();
    play.redis.publish(5);
    const sink = play.join(null);
    await play.calm();
    play.redis.flush();
    play.resetsAllowed = true;
    play.redis.publish(1);
    await play.calm();
    expect(sink.resets).toBe(1);
  });

  it('is found to be another one by the first message that was heard before', async () => {
    const play = new Play();
    const sink = play.join(null);
    await play.calm();
    play.redis.publish(2);
    await play.calm();
    play.redis.rewind(2);
    play.resetsAllowed = true;
    play.redis.publish(1);
    await play.calm();
    expect(sink.resets).toBe(1);
  });

  it('is unsubscribed with its last receiver', async () => {
    const play = new Play();
    play.join(null);
    play.join(null);
    await play.calm();
    for (const sink of play.sinks) sink.close();
    play.redis.publish(1);
    expect(play.redis.idle).toBe(true);
  });
});
