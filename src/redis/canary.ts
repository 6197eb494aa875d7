import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import { millisecondsOf, type RedisClock } from './redis-clock.js';
import type { RedisLink } from './redis-link.js';
import type { IoredisSubscriber } from './redis-subscriber.js';

export interface CanaryOptions {
  readonly channel: string;
  readonly periodMs: number;
}

/**
 * Publishes a number on the command connection every period; it has to come back on the subscriber connection, in order,
 * before the next one is due. A connection that died without a FIN says nothing by itself, and a stream on which nothing
 * arrives looks like a quiet one. Each number brings back Redis' time, too.
 */
export class Canary {
  /** Which pair of connections: a number that was under way on an earlier one says nothing about this one. */
  private generation = 0;
  private sent = 0;
  private returned = 0;
  private timer: Timer | null = null;

  constructor(
    private readonly link: RedisLink,
    private readonly redisClock: RedisClock,
    private readonly options: CanaryOptions,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    link.onUp(() => this.start());
    link.onDown(() => this.stop());
  }

  listenOn(subscriber: IoredisSubscriber): void {
    subscriber.listen(this.options.channel, (message) => this.returnedAs(message));
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private start(): void {
    this.stop();
    this.generation += 1;
    this.sent = 0;
    this.returned = 0;
    this.timer = this.clock.every(this.options.periodMs, () => this.look());
  }

  /**
   * After a blocked event loop or a paused process the timer comes first and the number that has long been back is still
   * in the socket: one look at the sockets before the verdict.
   */
  private look(): void {
    const { generation, sent } = this;
    if (this.returned === sent) this.send();
    else
      setImmediate(() => {
        if (this.generation !== generation || this.timer === null) return;
        if (this.returned === sent) this.send();
        else this.link.lose(`canary ${sent} did not come back in ${this.options.periodMs} ms`);
      });
  }

  private send(): void {
    const commands = this.link.current?.commands;
    if (!commands) return;
    this.sent += 1;
    commands
      .pipeline()
      .spublish(this.options.channel, `${this.generation} ${this.sent}`)
      .time()
      .exec()
      .then(
        (replies) => this.redisClock.observe(millisecondsOf(replies?.[1]?.[1])),
        // Whether it matters shows when the number is due.
        (error: unknown) => this.logger.debug('redis.canary-unsent', { error }),
      );
  }

  private returnedAs(message: string): void {
    const [generation, number] = message.split(' ').map(Number);
    if (generation !== this.generation) return;
    if (number === this.returned + 1) this.returned += 1;
    else this.link.lose(`canary ${number} came back after ${this.returned}`);
  }
}
