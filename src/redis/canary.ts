import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import { millisecondsOf, type RedisClock } from './redis-clock.js';
import { saysMoved } from './redis-error.js';
import type { RedisLink, RedisPair } from './redis-link.js';

export interface CanaryOptions {
  /** A channel that lives at this node, asked whenever one has to be chosen; null if none does. */
  readonly newChannel: () => string | null;
  readonly periodMs: number;
  /** The channel lives elsewhere now. */
  readonly onMoved: () => void;
  /** The node has answered. */
  readonly onAnswer: () => void;
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
  /** null: there is nothing to hear at this node. */
  private channel: string | null = null;

  constructor(
    private readonly link: RedisLink,
    private readonly redisClock: RedisClock,
    private readonly options: CanaryOptions,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    link.prepare((pair) => {
      pair.subscriber.on('smessage', (name: string, message: string) => {
        if (name === this.channel) this.returnedAs(message);
      });
      return this.listen(pair);
    });
    link.onUp(() => this.start());
    link.onDown(() => this.stop());
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  /** Chooses another channel if this one lives elsewhere. */
  move(livesHere: (channel: string) => boolean): void {
    const pair = this.link.current;
    if (pair === null || (this.channel !== null && livesHere(this.channel))) return;
    this.stop();
    this.listen(pair).then(
      () => {
        if (this.link.current === pair) this.start();
      },
      () => {
        if (this.link.current === pair) this.link.lose('the canary cannot be heard');
      },
    );
  }

  private async listen({ subscriber }: RedisPair): Promise<void> {
    const channel = this.options.newChannel();
    this.channel = channel;
    if (channel === null) return;
    await subscriber.ssubscribe(channel);
  }

  private start(): void {
    this.stop();
    this.generation += 1;
    this.sent = 0;
    this.returned = 0;
    if (this.channel === null) return;
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
    const { generation, channel } = this;
    if (!commands || channel === null) return;
    this.sent += 1;
    const published = commands.spublish(channel, `${generation} ${this.sent}`);
    Promise.all([published, commands.time()]).then(
      ([, time]) => {
        this.redisClock.observe(millisecondsOf(time));
        this.options.onAnswer();
      },
      (error: unknown) => {
        if (saysMoved(error) && this.generation === generation) {
          // Nothing is wrong with the connections.
          this.stop();
          this.options.onMoved();
        }
        // Otherwise, whether it matters shows when the number is due.
        else this.logger.debug('redis.canary-unsent', { error });
      },
    );
  }

  private returnedAs(message: string): void {
    const [generation, number] = message.split(' ').map(Number);
    if (generation !== this.generation) return;
    if (number === this.returned + 1) this.returned += 1;
    else this.link.lose(`canary ${number} came back after ${this.returned}`);
  }
}
