import { backoffMs } from '../lib/backoff.js';
import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import type { Position } from '../protocol/position.js';
import type { StreamOwner } from '../redis/keys.js';
import type { RedisSubscriber } from '../redis/redis-ports.js';
import type { MemberContext } from './live-member.js';
import { LiveStream, PAGE, type LiveStreamContext } from './live-stream.js';
import type { Reader, ReadSlots } from './read-slots.js';
import type { ReadResult, StreamLog } from './stream-log.js';

export interface SharedStreamPorts {
  readonly log: StreamLog;
  readonly subscriber: RedisSubscriber;
  readonly slots: ReadSlots;
  readonly clock: Clock;
  readonly logger: Logger;
}

const REPEAT = { baseMs: 25, maxMs: 1_000 } as const;

/**
 * One stream's place on this pod: its subscription in Redis, counted by its members, and how its log is read. There is
 * one for every client at least, so it holds little and makes no function of its own but the listener.
 */
export class SharedStream implements MemberContext, LiveStreamContext {
  readonly live: LiveStream = new LiveStream(this);
  private members = 0;
  private confirmed: Promise<void> | null = null;

  constructor(
    private readonly ports: SharedStreamPorts,
    private readonly owner: StreamOwner,
    private readonly channel: string,
    private readonly onEmpty: (channel: string) => void,
  ) {}

  get logger(): Logger {
    return this.ports.logger;
  }

  joined(): void {
    this.members += 1;
  }
  left(): void {
    this.members -= 1;
    if (this.members > 0) return;
    this.live.close();
    this.onEmpty(this.channel);
    this.ports.subscriber.unsubscribe(this.channel, this.live.hear);
  }

  /** A subscription that failed is asked for anew by the next who needs it. */
  subscribed(): Promise<void> {
    this.confirmed ??= this.subscribe();
    return this.confirmed;
  }

  get readTrouble(): unknown {
    return this.ports.slots.trouble;
  }
  read(reader: Reader, position: Position | null): Promise<ReadResult> {
    const { slots, log } = this.ports;
    return slots.run(reader, () => log.read(this.owner, position, PAGE));
  }

  pause(failures: number): Promise<void> {
    const delayMs = backoffMs(failures, REPEAT.baseMs, REPEAT.maxMs);
    return new Promise((resolve) => this.ports.clock.after(delayMs, resolve));
  }

  monotonicMs(): number {
    return this.ports.clock.monotonic();
  }
  after(delayMs: number, run: () => void): Timer {
    return this.ports.clock.after(delayMs, run);
  }

  private async subscribe(): Promise<void> {
    try {
      await this.ports.subscriber.subscribe(this.channel, this.live.hear);
    } catch (error) {
      this.confirmed = null;
      throw error;
    }
  }
}
