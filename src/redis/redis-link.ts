import { readFile } from 'node:fs/promises';
import type { Redis } from 'ioredis';
import type { RedisConfig } from '../config/config.js';
import { backoffMs } from '../lib/backoff.js';
import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import { closeClient, openClient } from './redis-client.js';

/** Two connections to one Redis: a subscribed one must not wait behind commands, nor commands behind it. */
export interface RedisPair {
  readonly commands: Redis;
  readonly subscriber: Redis;
}

const BACKOFF = { baseMs: 50, maxMs: 2_000 } as const;
/** A pair that was up this long has proven itself: its loss starts a new row of failures. */
const STEADY_MS = 10_000;

/**
 * Keeps a pair open. Losing either connection closes both, and both are opened again: what a lost connection left behind
 * must not follow the checks that are made on the new ones.
 */
export class RedisLink {
  private pair: RedisPair | null = null;
  private opening: RedisPair | null = null;
  private closed = false;
  private failures = 0;
  private upSinceMs = 0;
  private retry: Timer | null = null;
  private readonly preparations: ((pair: RedisPair) => Promise<void>)[] = [];
  private readonly ups: (() => void)[] = [];
  private readonly downs: (() => void)[] = [];

  constructor(
    private readonly config: RedisConfig,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** null while Redis is away or the new pair isn't prepared. */
  get current(): RedisPair | null {
    return this.pair;
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
    return this.connect();
  }

  close(): void {
    this.closed = true;
    this.retry?.cancel();
    this.drop();
  }

  /** Gives the pair up, because something showed that it can't be trusted, and opens another. */
  lose(reason: string): void {
    const pair = this.pair;
    if (pair) this.lost(pair, reason);
  }

  private async connect(): Promise<void> {
    try {
      const pair = await this.open();
      this.opening = pair;
      for (const prepare of this.preparations) await prepare(pair);
      if (this.opening !== pair) throw new Error('the connection was lost while it was prepared');
      this.opening = null;
      this.pair = pair;
      this.upSinceMs = this.clock.monotonic();
      this.logger.info('redis.connected', { failures: this.failures });
      for (const up of this.ups) up();
    } catch (error) {
      this.drop();
      if (this.failures % 10 === 0 && !this.closed) this.logger.warn('redis.unreachable', { error });
      this.connectLater();
    }
  }

  private async open(): Promise<RedisPair> {
    const { passwordFile, topology } = this.config;
    if (topology.kind !== 'single') throw new Error(`${topology.kind} is not supported`);
    const password = passwordFile === null ? null : (await readFile(passwordFile, 'utf8')).trim();
    const options = { ...this.config, url: topology.url, password };
    const [commands, subscriber] = await Promise.allSettled([
      openClient(options, 'commands', this.clock),
      openClient(options, 'subscriber', this.clock),
    ]);
    if (commands.status === 'fulfilled' && subscriber.status === 'fulfilled' && !this.closed) {
      return this.watch({ commands: commands.value, subscriber: subscriber.value });
    }
    for (const client of [commands, subscriber]) if (client.status === 'fulfilled') closeClient(client.value);
    if (commands.status === 'rejected') throw commands.reason;
    throw subscriber.status === 'rejected' ? subscriber.reason : new Error('closed while connecting');
  }

  private watch(pair: RedisPair): RedisPair {
    pair.commands.once('end', () => this.lost(pair, 'the command connection was closed'));
    pair.subscriber.once('end', () => this.lost(pair, 'the subscriber connection was closed'));
    return pair;
  }

  private lost(pair: RedisPair, reason: string): void {
    if (this.opening === pair) this.drop();
    if (this.pair !== pair) return;
    if (this.clock.monotonic() - this.upSinceMs > STEADY_MS) this.failures = 0;
    this.logger.warn('redis.lost', { reason });
    this.drop();
    for (const down of this.downs) down();
    this.connectLater();
  }

  private drop(): void {
    for (const pair of [this.pair, this.opening]) {
      if (!pair) continue;
      closeClient(pair.commands);
      closeClient(pair.subscriber);
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
