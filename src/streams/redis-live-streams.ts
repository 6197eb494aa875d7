import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import type { Position } from '../protocol/position.js';
import type { RedisKeys, StreamOwner } from '../redis/keys.js';
import type { RedisSubscriber } from '../redis/redis-ports.js';
import { LiveMember } from './live-member.js';
import type { LiveStreams, StreamSink, Subscription } from './live-streams.js';
import { ReadSlots } from './read-slots.js';
import { SharedStream, type SharedStreamPorts } from './shared-stream.js';
import type { StreamLog } from './stream-log.js';

/** Pages that may be read at one time: a pod that takes over many clients must not flood Redis or its own memory. */
const MAX_READS = 64;
/** The sweep looks at a part of the streams each time, so that it never comes as a burst. */
const MAX_SWEEP_PARTS = 60;
const LEAST_SWEEP_TICK_MS = 20;

/** The streams with a subscriber on this pod, fed by Redis pub/sub and the log. */
export class RedisLiveStreams implements LiveStreams {
  private readonly streams = new Map<string, SharedStream>();
  private readonly ports: SharedStreamPorts;
  private sweepTimer: Timer | null = null;
  /** The streams of this sweep: those that come meanwhile would keep it from ever ending. */
  private sweeping: readonly SharedStream[] = [];
  private sweptParts = 0;

  constructor(
    log: StreamLog,
    subscriber: RedisSubscriber,
    private readonly keys: RedisKeys,
    private readonly clock: Clock,
    logger: Logger,
  ) {
    this.ports = { log, subscriber, clock, logger, slots: new ReadSlots(MAX_READS) };
    subscriber.onDoubt((concerns) => {
      for (const [channel, { live }] of this.streams) if (concerns(channel)) live.catchUp();
    });
  }

  /** Reads every stream from its position once in `periodMs`, which also refreshes the TTL of its top. */
  startSweep(periodMs: number): void {
    const parts = Math.max(1, Math.min(MAX_SWEEP_PARTS, Math.floor(periodMs / LEAST_SWEEP_TICK_MS)));
    this.sweepTimer = this.clock.every(periodMs / parts, () => {
      this.sweepPart(parts);
    });
  }
  stopSweep(): void {
    this.sweepTimer?.cancel();
  }

  subscribe(owner: StreamOwner, position: Position | null, sink: StreamSink): Subscription {
    const shared = this.sharedOf(owner);
    shared.joined();
    return new LiveMember(shared.live, shared, position, sink);
  }

  private sharedOf(owner: StreamOwner): SharedStream {
    const channel = this.keys.stream(owner).live;
    let shared = this.streams.get(channel);
    if (!shared) {
      shared = new SharedStream(this.ports, owner, channel, this.forget);
      this.streams.set(channel, shared);
    }
    return shared;
  }

  private readonly forget = (channel: string): void => {
    this.streams.delete(channel);
  };

  private sweepPart(parts: number): void {
    if (this.sweptParts === 0) this.sweeping = [...this.streams.values()];
    const upTo = (part: number) => Math.floor((this.sweeping.length * part) / parts);
    const due = this.sweeping.slice(upTo(this.sweptParts), upTo(this.sweptParts + 1));
    this.sweptParts = (this.sweptParts + 1) % parts;
    for (const { live } of due) live.catchUp();
  }
}
