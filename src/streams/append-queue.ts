import { backoffMs } from '../lib/backoff.js';
import { BatonError } from '../lib/baton-error.js';
import type { Clock } from '../lib/clock.js';
import type { StreamKeys } from '../redis/keys.js';
import type { RedisCommands } from '../redis/redis-ports.js';
import { MAX_BATCH, appendCall, parseAppendReply, type AppendReply } from './append-batch.js';
import type { AppendLimits } from './append-limits.js';
import { ByteBudget } from './byte-budget.js';
import type { AppendItem, AppendResult } from './stream-log.js';

interface Pending {
  readonly item: AppendItem;
  readonly size: number;
  readonly deadlineMs: number;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: BatonError) => void;
}

export interface AppendQueueContext {
  readonly redis: RedisCommands;
  readonly clock: Clock;
  readonly limits: AppendLimits;
  /** How long an item is repeated while Redis is away. */
  readonly appendDeadlineMs: number;
  readonly newId: () => string;
  /** Of all streams together. */
  readonly budget: ByteBudget;
  readonly observeSeconds: (seconds: number) => void;
}

const REPEAT = { baseMs: 25, maxMs: 400 } as const;
/** Appends to one stream that may wait; more is refused as busy. */
const MAX_WAITING = { items: 10_000, bytes: 16_777_216 } as const;
/** Appends that may wait on a pod: while Redis is away, memory must last for what all clients publish until they are told. */
export const MAX_WAITING_BYTES_PER_POD = 67_108_864;
/** What an append takes besides its data: so that empty ones are bounded, too. */
const ITEM_BYTES = 256;
/** By then a batch or two have gone, or Redis is away and the deadline of the oldest has come nearer. */
const BUSY_RETRY_MS = 1_000;

/**
 * Group commit for one stream: one batch is under way at a time, and what arrives meanwhile is the next. So the order
 * holds, and a batch whose reply was lost is repeated before anything that came after it.
 */
export class AppendQueue {
  private waiting: Pending[] = [];
  private running = false;
  private readonly budget: ByteBudget;

  constructor(
    private readonly keys: StreamKeys,
    private readonly context: AppendQueueContext,
    private readonly onIdle: () => void,
  ) {
    this.budget = new ByteBudget(MAX_WAITING.bytes, context.budget);
  }

  append(item: AppendItem): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      const size = ITEM_BYTES + Buffer.byteLength(item.kind === 'refuse' ? '' : (item.data ?? ''));
      if (this.waiting.length >= MAX_WAITING.items || !this.budget.take(size)) {
        reject(new BatonError('busy', 'too many appends wait for Redis', { retryAfterMs: BUSY_RETRY_MS }));
        return;
      }
      const deadlineMs = this.context.clock.monotonic() + this.context.appendDeadlineMs;
      this.waiting.push({ item, size, deadlineMs, resolve, reject });
      if (!this.running) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    // What else this turn appends belongs to the first batch.
    await endOfTurn();
    let failures = 0;
    while (this.waiting.length > 0) {
      if (await this.sendBatch()) failures = 0;
      else {
        this.dropOverdue();
        const delayMs = backoffMs(failures, REPEAT.baseMs, REPEAT.maxMs);
        failures += 1;
        await new Promise<void>((resolve) => this.context.clock.after(delayMs, resolve));
      }
    }
    this.running = false;
    this.onIdle();
  }

  private async sendBatch(): Promise<boolean> {
    const { redis, clock, limits, newId } = this.context;
    const batch = this.nextBatch();
    const items = batch.map(({ item }) => item);
    const startMs = clock.monotonic();
    const call = appendCall(this.keys, items, limits, newId);
    let reply: AppendReply;
    try {
      reply = parseAppendReply(await redis.runDurably(call), items, call);
    } catch (error) {
      // An answer that makes no sense says nothing about the effect, either.
      if (!(error instanceof BatonError) || error.code === 'unavailable') return false;
      this.take(batch, (pending) => {
        pending.reject(new BatonError('internal', undefined, { cause: error }));
      });
      return true;
    }
    this.context.observeSeconds((clock.monotonic() - startMs) / 1_000);
    const { redisTimeMs, results } = reply;
    if (results.some((result) => !(result instanceof BatonError) && result.kind === 'late'))
      redis.observeTimeMs(this.keys.log, redisTimeMs);
    this.take(batch, (pending, index) => {
      settle(pending, results[index]);
    });
    return true;
  }

  private take(batch: readonly Pending[], settleOne: (pending: Pending, index: number) => void): void {
    this.waiting.splice(0, batch.length);
    this.giveBack(batch);
    batch.forEach(settleOne);
  }

  private giveBack(pending: readonly Pending[]): void {
    this.budget.giveBack(pending.reduce((sum, { size }) => sum + size, 0));
  }

  private nextBatch(): readonly Pending[] {
    let bytes = 0;
    const end = this.waiting.findIndex(({ size }, index) => {
      bytes += size;
      return index === MAX_BATCH.items || (index > 0 && bytes > MAX_BATCH.bytes);
    });
    return this.waiting.slice(0, end < 0 ? undefined : end);
  }

  private dropOverdue(): void {
    const now = this.context.clock.monotonic();
    const overdue = this.waiting.filter(({ deadlineMs }) => deadlineMs <= now);
    this.waiting = this.waiting.filter(({ deadlineMs }) => deadlineMs > now);
    this.giveBack(overdue);
    for (const { reject } of overdue) reject(new BatonError('unavailable'));
  }
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function settle({ resolve, reject }: Pending, result: AppendResult | BatonError | undefined): void {
  if (result === undefined || result instanceof BatonError) reject(result ?? new BatonError('internal'));
  else resolve(result);
}
