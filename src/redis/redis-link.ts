import type { Redis } from 'ioredis';
import type { HostPort, RedisConfig } from '../config/redis-config.js';
import { backoffMs } from '../lib/backoff.js';
import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import { readAccess } from './redis-access.js';
import { closeClient, openClient } from './redis-client.js';

/** Connections to one Redis: a subscribed one must not wait behind commands, nor commands behind it. */
export interface RedisPair {
  readonly place: HostPort;
  readonly commands: Redis;
  readonly subscriber: Redis;
  /** For commands that wait for replicas, which holds up whatever follows; null if none ever does. */
  readonly durable: Redis | null;
}

const BACKOFF = { baseMs: 50, maxMs: 2_000 } as const;
/** A pair that was up this long has proven itself: its loss starts a new row of failures. */
const STEADY_MS = 10_000;

/**
 * Keeps the connections open. Losing any of them closes all, and all are opened again: what a lost connection left behind
 * must not follow the checks that are made on the new ones.
 */
export class RedisLink {
  firstTry: Promise<void> = Promise.resolve();
  private pair: RedisPair | null = null;
  private opening: RedisPair | null = null;
  private closed = false;
  private failures = 0;
  private upSinceMs = 0;
  private retry: Timer | null = null;
  private readonly preparations: ((pair: RedisPair) => Promise<void>)[] = [];
  private readonly ups: (() => void)[] = [];
  private readonly downs: (() => void)[] = [];

  /** `find`: where the server is now; asked before every try. */
  constructor(
    private readonly config: RedisConfig,
    private readonly find: () => Promise<HostPort>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** null while Redis is away or the new pair isn't prepared. */
  get current(): RedisPair | null {
    return this.pair;
  }
  /** Where the connections lead that are open or being prepared. */
  get place(): HostPort | null {
    return (this.pair ?? this.opening)?.place ?? null;
  }
  /** Runs on every new pair before anybody may use it, one after the other; a rejection gives the pair up. */
  prepare(step: (pair: RedisPair) => Promise<void>): void {
    this.preparations.push(step);
  }
  onUp(listener: () => void): void {
    this.ups.push(listener);
  }
  onDown(listener: () => void): void {
    this.downs.push(listener);
  }

  /** Resolves after the first try, successful or not: a pod lives without Redis, it only isn't ready. */
  start(): Promise<void> {
    this.firstTry = this.connect();
    return this.firstTry;
  }

  close(): void {
    this.closed = true;
    this.retry?.cancel();
    this.drop();
  }

  /** Gives the pair up, because something showed that it can't be trusted, and opens another. */
  lose(reason: string): void {
    const pair = this.pair ?? this.opening;
    if (pair) this.lost(pair, reason);
  }

  private async connect(): Promise<void> {
    try {
      const pair = await this.open();
      this.opening = pair;
      for (const prepare of this.preparations) {
        await prepare(pair);
        if (this.opening !== pair) throw new Error('the connection was lost while it was prepared');
      }
      this.opening = null;
      this.pair = pair;
      this.upSinceMs = this.clock.monotonic();
      this.logger.info('redis.connected', { ...pair.place, failures: this.failures });
      for (const up of this.ups) up();
    } catch (error) {
      this.drop();
      if (this.failures % 10 === 0 && !this.closed) this.logger.warn('redis.unreachable', { error });
      this.connectLater();
    }
  }

  private async open(): Promise<RedisPair> {
    const { config } = this;
    const [place, access] = await Promise.all([this.find(), readAccess(config)]);
    const { replicas, waitMs } = config.durability;
    const waiting = { ...config, commandTimeoutMs: config.commandTimeoutMs + waitMs };
    const results = await Promise.allSettled([
      openClient(place, access, 'commands', config, this.clock),
      openClient(place, access, 'subscriber', config, this.clock),
      replicas === 0 ? null : openClient(place, access, 'durable', waiting, this.clock),
    ]);
    const [commands, subscriber, durable] = results.map((result) =>
      result.status === 'fulfilled' ? result.value : null,
    );
    const failure = results.find((result) => result.status === 'rejected');
    // While another was being opened: its `end` has been told, to nobody.
    const isOver = [commands, subscriber, durable].some((client) => client?.status === 'end');
    if (!failure && commands && subscriber && !isOver && !this.closed) {
      return this.watch({ place, commands, subscriber, durable: durable ?? null });
    }
    for (const client of [commands, subscriber, durable]) if (client) closeClient(client);
    throw failure?.reason ?? new Error('closed while connecting');
  }

  private watch(pair: RedisPair): RedisPair {
    for (const [name, client] of [
      ['command connection', pair.commands],
      ['subscriber connection', pair.subscriber],
      ['connection for durable commands', pair.durable],
    ] as const) {
      if (!client) continue;
      // What it is closed for: `end` doesn't say it. The library goes on after an answer that nobody asked for, though it
      // shows that the answers are out of step and something was swallowed.
      let cause: unknown;
      client.on('error', (error: unknown) => {
        cause = error;
        closeClient(client);
      });
      client.once('end', () => this.lost(pair, `the ${name} was closed`, cause));
    }
    return pair;
  }

  private lost(pair: RedisPair, reason: string, error?: unknown): void {
    if (this.opening === pair) this.drop();
    if (this.pair !== pair) return;
    if (this.clock.monotonic() - this.upSinceMs > STEADY_MS) this.failures = 0;
    this.logger.warn('redis.lost', { ...pair.place, reason, ...(error === undefined ? {} : { error }) });
    this.drop();
    for (const down of this.downs) down();
    this.connectLater();
  }

  private drop(): void {
    for (const pair of [this.pair, this.opening]) {
      if (!pair) continue;
      closeClient(pair.commands);
      closeClient(pair.subscriber);
      if (pair.durable) closeClient(pair.durable);
    }
    this.pair = null;
    this.opening = null;
  }

  private connectLater(): void {
    if (this.closed) return;
    const delayMs = backoffMs(this.failures, BACKOFF.baseMs, BACKOFF.maxMs);
    this.failures += 1;
    this.retry = this.clock.after(delayMs, () => void this.connect());
  }
}
