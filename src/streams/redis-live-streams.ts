import { backoffMs } from '../lib/backoff.js';
import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import type { Position } from '../protocol/position.js';
import type { RedisKeys, StreamOwner } from '../redis/keys.js';
import type { RedisSubscriber } from '../redis/redis-ports.js';
import { LiveMember, type MemberContext } from './live-member.js';
import { LiveStream, PAGE } from './live-stream.js';
import type { LiveStreams, StreamSink, Subscription } from './live-streams.js';
import { ReadSlots } from './read-slots.js';
import type { StreamLog } from './stream-log.js';

/** Pages that may be read at one time: a pod that takes over many clients must not flood Redis or its own memory. */
const MAX_READS = 64;
const REPEAT = { baseMs: 25, maxMs: 1_000 } as const;

/** The sweep looks at a part of the streams each time, so that it never comes as a burst. */
const SWEEP_PARTS = 60;

interface Shared {
  readonly live: LiveStream;
  readonly members: Set<LiveMember>;
  readonly context: MemberContext;
}

/** The streams with a subscriber on this pod, fed by Redis pub/sub and the log. */
export class RedisLiveStreams implements LiveStreams {
  private readonly streams = new Map<string, Shared>();
  private readonly slots = new ReadSlots(MAX_READS);
  private sweepTimer: Timer | null = null;
  private swept = this.streams.values();

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

  /** Reads every stream from its position once in `periodMs`, which also refreshes the TTL of its top. */
  startSweep(periodMs: number): void {
    this.sweepTimer = this.clock.every(Math.max(20, periodMs / SWEEP_PARTS), () => {
      this.sweepPart();
    });
  }
  stopSweep(): void {
    this.sweepTimer?.cancel();
  }

  subscribe(owner: StreamOwner, position: Position | null, sink: StreamSink): Subscription {
    const shared = this.sharedOf(owner);
    const member = new LiveMember(shared.live, shared.context, position, sink);
    shared.members.add(member);
    return member;
  }

  private sharedOf(owner: StreamOwner): Shared {
    const channel = this.keys.stream(owner).live;
    const existing = this.streams.get(channel);
    if (existing) return existing;
    const shared = this.open(owner, channel);
    this.streams.set(channel, shared);
    return shared;
  }

  private open(owner: StreamOwner, channel: string): Shared {
    const read = (from: Position | null) => this.slots.run(() => this.log.read(owner, from, PAGE));
    const pause = (failures: number) => this.pause(failures);
    const live = new LiveStream({ read, pause, logger: this.logger });
    const members = new Set<LiveMember>();
    let confirmed: Promise<void> | null = null;
    const context: MemberContext = {
      // A subscription that failed is asked for anew by the next who needs it.
      subscribed: () =>
        (confirmed ??= this.subscriber.subscribe(channel, live.hear).catch((error: unknown) => {
          confirmed = null;
          throw error;
        })),
      read,
      pause,
      monotonicMs: () => this.clock.monotonic(),
      left: (member) => {
        members.delete(member);
        if (members.size > 0) return;
        live.close();
        this.streams.delete(channel);
        this.subscriber.unsubscribe(channel, live.hear);
      },
    };
    return { live, members, context };
  }

  private pause(failures: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(backoffMs(failures, REPEAT.baseMs, REPEAT.maxMs), resolve));
  }

  private sweepPart(): void {
    for (let left = Math.ceil(this.streams.size / SWEEP_PARTS); left > 0; left -= 1) {
      const next = this.swept.next();
      if (next.done) {
        this.swept = this.streams.values();
        return;
      }
      next.value.live.catchUp();
    }
  }
}
