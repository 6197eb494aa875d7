import { backoffMs } from '../lib/backoff.js';
import type { Clock } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import type { Position } from '../protocol/position.js';
import type { RedisKeys, StreamOwner } from '../redis/keys.js';
import type { RedisSubscriber } from '../redis/redis-ports.js';
import { LiveMember } from './live-member.js';
import { LiveStream, PAGE } from './live-stream.js';
import type { LiveStreams, StreamSink, Subscription } from './live-streams.js';
import { ReadSlots } from './read-slots.js';
import type { ReadResult, StreamLog } from './stream-log.js';

/** Pages that may be read at one time: a pod that takes over many clients must not flood Redis or its own memory. */
const MAX_READS = 64;
const REPEAT = { baseMs: 25, maxMs: 1_000 } as const;

interface Shared {
  readonly live: LiveStream;
  readonly members: Set<LiveMember>;
  readonly channel: string;
  /** Settles with Redis' confirmation; a failed one is asked for anew. */
  confirmed: Promise<void> | null;
}

/** The streams with a subscriber on this pod, fed by Redis pub/sub and the log. */
export class RedisLiveStreams implements LiveStreams {
  private readonly streams = new Map<string, Shared>();
  private readonly slots = new ReadSlots(MAX_READS);

  constructor(
    private readonly log: StreamLog,
    private readonly subscriber: RedisSubscriber,
    private readonly keys: RedisKeys,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    subscriber.onDoubt(() => {
      for (const { live } of this.streams.values()) live.catchUp();
    });
  }

  subscribe(owner: StreamOwner, position: Position | null, sink: StreamSink): Subscription {
    const shared = this.sharedOf(owner);
    const member = new LiveMember(shared.live, position, sink, {
      subscribed: () => this.confirmed(shared),
      read: (from) => this.read(owner, from),
      pause: (failures) => this.pause(failures),
      monotonicMs: () => this.clock.monotonic(),
      onClose: (closed) => {
        this.drop(shared, closed);
      },
    });
    shared.members.add(member);
    return member;
  }

  private sharedOf(owner: StreamOwner): Shared {
    const channel = this.keys.stream(owner).live;
    const existing = this.streams.get(channel);
    if (existing) return existing;
    const live = new LiveStream({
      read: (from) => this.read(owner, from),
      pause: (failures) => this.pause(failures),
      logger: this.logger,
    });
    const shared = { live, members: new Set<LiveMember>(), channel, confirmed: null };
    this.streams.set(channel, shared);
    return shared;
  }

  private confirmed(shared: Shared): Promise<void> {
    shared.confirmed ??= this.subscriber.subscribe(shared.channel, shared.live.hear).catch((error: unknown) => {
      shared.confirmed = null;
      throw error;
    });
    return shared.confirmed;
  }

  private read(owner: StreamOwner, position: Position | null): Promise<ReadResult> {
    return this.slots.run(() => this.log.read(owner, position, PAGE));
  }

  private pause(failures: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(backoffMs(failures, REPEAT.baseMs, REPEAT.maxMs), resolve));
  }

  private drop(shared: Shared, member: LiveMember): void {
    shared.members.delete(member);
    if (shared.members.size > 0) return;
    shared.live.close();
    this.streams.delete(shared.channel);
    this.subscriber.unsubscribe(shared.channel, shared.live.hear);
  }
}
