import type { Redis } from 'ioredis';
import type { HostPort, RedisConfig } from '../config/redis-config.js';
import { BatonError } from '../lib/baton-error.js';
import type { Clock } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import { Canary } from './canary.js';
import { DurableCalls } from './durable-calls.js';
import { NodeSubscriptions } from './node-subscriptions.js';
import { checkServer } from './redis-check.js';
import { RedisClock } from './redis-clock.js';
import { redirectionOf, saysTimedOut, saysWrongServer, toBatonError } from './redis-error.js';
import { RedisLink } from './redis-link.js';

export interface RedisConnectionConfig extends RedisConfig {
  readonly canaryMs: number;
}

/** What all nodes have in common. */
export interface NodeContext {
  readonly config: RedisConnectionConfig;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface NodeOptions {
  readonly find: () => Promise<HostPort>;
  readonly inCluster: boolean;
  /** A channel that lives at this node; null if none does. */
  readonly canaryChannel: () => string | null;
  /** These channels, or the canary (then none are named), live elsewhere now. */
  readonly onUprooted: (channels: readonly string[]) => void;
  /** Every subscription is confirmed on new connections. */
  readonly onUp: () => void;
  readonly onDown: () => void;
}

export type Command<T> = (client: Redis) => Promise<T>;

/** A deadline that comes later than this was held up by the process itself. */
const PAUSE_MS = 100;

/** One Redis that takes writes: its connections, its clock, what is subscribed to at it. */
export class RedisNode {
  readonly clock: RedisClock;
  readonly link: RedisLink;
  readonly subscriptions: NodeSubscriptions;
  readonly canary: Canary;
  private durable: DurableCalls | null = null;
  private failing = false;
  private corked: Redis['stream'] | null = null;

  constructor(
    private readonly context: NodeContext,
    options: NodeOptions,
  ) {
    const { config, clock, logger } = context;
    const link = new RedisLink(config, options.find, clock, logger);
    this.link = link;
    this.clock = new RedisClock(clock);
    link.prepare((pair) => checkServer(pair, { cluster: options.inCluster }, this.clock, logger));
    this.subscriptions = new NodeSubscriptions(link, { bySlot: options.inCluster, onUprooted: options.onUprooted });
    const canary = {
      newChannel: options.canaryChannel,
      periodMs: config.canaryMs,
      onMoved: () => options.onUprooted([]),
      // Nobody may have anything else to ask of this node for long.
      onAnswer: () => (this.failing = false),
    };
    this.canary = new Canary(link, this.clock, canary, clock, logger);
    link.onUp(() => {
      const client = link.current?.durable;
      this.durable = client ? new DurableCalls(client, config.durability) : null;
      this.failing = false;
      options.onUp();
    });
    link.onDown(options.onDown);
  }

  get healthy(): boolean {
    return !this.failing && this.link.current !== null;
  }

  /** Rejects with what Redis or the library says. */
  ask<T>(command: Command<T>): Promise<T> {
    return this.watched((commands) => {
      this.cork(commands.stream);
      return command(commands);
    });
  }

  /** As `ask`, and resolves only when enough replicas have confirmed it. */
  askDurably(command: Command<unknown>): Promise<unknown> {
    const { durable } = this;
    return this.watched((commands) => (durable ? durable.run(command) : command(commands)));
  }

  close(): void {
    this.canary.stop();
    this.link.close();
  }

  private async watched<T>(command: Command<T>): Promise<T> {
    const pair = this.link.current;
    const sinceMs = this.context.clock.monotonic();
    try {
      if (!pair) throw new BatonError('unavailable');
      const reply = await command(pair.commands);
      // Nothing from before a doubt may follow the check (M), though it was answered before the connection was lost.
      if (pair !== this.link.current) throw new BatonError('unavailable');
      this.failing = false;
      return reply;
    } catch (error) {
      if (pair && pair === this.link.current) this.suspect(error, sinceMs);
      if (redirectionOf(error) === null && toBatonError(error).code === 'unavailable') this.failing = true;
      throw error;
    }
  }

  private suspect(error: unknown, sinceMs: number): void {
    if (saysTimedOut(error)) this.suspectDead(sinceMs);
    // Another server may have taken its name or address.
    else if (saysWrongServer(error)) this.link.lose(`it said: ${error.message}`);
  }

  /**
   * A half-open connection never fails by itself. After a blocked event loop or a paused process, though, the deadline comes
   * late, and before the answer that has long been in the socket: one look at it before the verdict.
   */
  private suspectDead(sinceMs: number): void {
    const { config, clock } = this.context;
    const { current } = this.link;
    const lose = () => {
      if (this.link.current === current) this.link.lose('a command was not answered in time');
    };
    const lateMs = clock.monotonic() - sinceMs - config.commandTimeoutMs;
    const stream = current?.commands.stream;
    if (lateMs < PAUSE_MS || this.durable || !stream) {
      lose();
      return;
    }
    const { bytesRead } = stream;
    setImmediate(() => {
      if (stream.bytesRead === bytesRead) lose();
    });
  }

  /** The kernel's write costs more than the command: whatever is sent in one turn goes in one. */
  private cork(stream: Redis['stream']): void {
    if (this.corked === stream) return;
    this.corked = stream;
    stream.cork();
    process.nextTick(() => {
      if (this.corked === stream) this.corked = null;
      stream.uncork();
    });
  }
}
