import { describe, expect, it } from '@jest/globals';
import { RedisKeys, type StreamOwner } from '../../src/redis/keys.js';
import { RedisLiveStreams } from '../../src/streams/redis-live-streams.js';
import type { Position } from '../../src/protocol/position.js';
import type { ReadResult } from '../../src/streams/stream-log.js';
import { ManualClock } from '../support/manual-clock.js';
import { silentLogger } from '../support/silent-logger.js';
import { SimulatedRedis } from '../support/simulated-redis.js';
import { KeepingSink, room } from '../support/stream-pod.js';

const SWEEP_MS = 600_000;

/** Answers at once, and counts the reads of each stream. */
class CountingRedis extends SimulatedRedis {
  readonly reads = new Map<StreamOwner, number>();

  override read(owner: StreamOwner, _position: Position | null): Promise<ReadResult> {
    this.reads.set(owner, (this.reads.get(owner) ?? 0) + 1);
    return Promise.resolve({ kind: 'entries', entries: [], top: this.top });
  }
  override subscribe(): Promise<void> {
    return Promise.resolve();
  }
}

class Pod {
  readonly redis = new CountingRedis();
  private readonly clock = new ManualClock();
  private readonly live = new RedisLiveStreams(this.redis, this.redis, new RedisKeys('t:'), this.clock, silentLogger);

  constructor() {
    this.live.startSweep(SWEEP_MS);
  }
  follow(name: string): { readonly owner: StreamOwner; close(): void } {
    const owner = room('acme', name);
    const subscription = this.live.subscribe(owner, this.redis.top, new KeepingSink());
    return {
      owner,
      close: () => {
        subscription.close();
      },
    };
  }
  async pass(ms: number): Promise<void> {
    await this.clock.run(ms, SWEEP_MS / 60);
  }
}

describe('the sweep over the streams of a pod', () => {
  it.each([1, 7, 60, 100])('reads each of %d streams exactly once', async (count) => {
    const pod = new Pod();
    const streams = Array.from({ length: count }, (_, index) => pod.follow(`room-${index}`));
    await pod.pass(0);
    pod.redis.reads.clear();
    await pod.pass(SWEEP_MS);
    expect(streams.map(({ owner }) => pod.redis.reads.get(owner))).toEqual(streams.map(() => 1));
  });

  it('reaches one that stays, however many come and go meanwhile', async () => {
    const pod = new Pod();
    const staying = pod.follow('staying');
    const guests = Array.from({ length: 100 }, (_, index) => pod.follow(`first-${index}`));
    await pod.pass(SWEEP_MS);
    pod.redis.reads.clear();
    // A hundred at a time, each for a tenth of a sweep.
    for (let tick = 0; tick < 120; tick += 1) {
      for (const guest of guests.splice(0, 17)) guest.close();
      for (let more = 0; more < 17; more += 1) guests.push(pod.follow(`${tick}-${more}`));
      await pod.pass(SWEEP_MS / 60);
    }
    expect(pod.redis.reads.get(staying.owner)).toBe(2);
  });
});
