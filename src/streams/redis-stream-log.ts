import type { SessionsConfig, StreamsConfig } from '../config/config.js';
import type { Clock } from '../lib/clock.js';
import { randomId } from '../lib/random-id.js';
import { asEntryId, type PublisherId, type SessionId } from '../protocol/ids.js';
import type { Position } from '../protocol/position.js';
import type { RedisKeys, StreamKeys, StreamOwner } from '../redis/keys.js';
import type { RedisCommands, RedisReply } from '../redis/redis-ports.js';
import { appendLimits, type AppendLimits } from './append-limits.js';
import { AppendQueue, MAX_WAITING_BYTES_PER_POD, type AppendQueueContext } from './append-queue.js';
import { ByteBudget } from './byte-budget.js';
import type { AppendItem, AppendResult, Entry, ReadResult, StreamLog } from './stream-log.js';

export interface StreamLogPorts {
  readonly redis: RedisCommands;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly observeAppendSeconds: (seconds: number) => void;
}

/** The logs in Redis: append.lua and read.lua. */
export class RedisStreamLog implements StreamLog {
  /** Streams with an append under way; an idle one is dropped. */
  private readonly queues = new Map<string, AppendQueue>();
  /** Of those who append again and again to the same. */
  private readonly keysOf = new WeakMap<StreamOwner, StreamKeys>();
  private readonly limits: AppendLimits;
  private readonly queueContext: AppendQueueContext;

  constructor(
    private readonly ports: StreamLogPorts,
    streams: StreamsConfig,
    sessions: SessionsConfig,
  ) {
    this.limits = appendLimits(streams, sessions);
    const { appendDeadlineMs } = streams;
    const { redis, clock, observeAppendSeconds: observeSeconds } = ports;
    const budget = new ByteBudget(MAX_WAITING_BYTES_PER_POD);
    this.queueContext = {
      redis,
      clock,
      limits: this.limits,
      appendDeadlineMs,
      newId: randomId,
      budget,
      observeSeconds,
    };
  }

  append(owner: StreamOwner, item: AppendItem): Promise<AppendResult> {
    let keys = this.keysOf.get(owner);
    if (!keys) {
      keys = this.ports.keys.stream(owner);
      this.keysOf.set(owner, keys);
    }
    const { log } = keys;
    let queue = this.queues.get(log);
    if (!queue) {
      queue = new AppendQueue(keys, this.queueContext, () => this.queues.delete(log));
      this.queues.set(log, queue);
    }
    return queue.append(item);
  }

  async read(owner: StreamOwner, position: Position | null, limit: number): Promise<ReadResult> {
    const { log, top } = this.ports.keys.stream(owner);
    const reply = await this.ports.redis.run({
      script: 'read',
      keys: [log, top],
      args: [randomId(), this.limits.topTtlMs, limit, position?.offset ?? '', position?.id ?? ''],
    });
    return parseReadReply(reply);
  }

  async touch(owner: StreamOwner, session: SessionId, publisher: PublisherId): Promise<void> {
    const keys = [this.ports.keys.stream(owner).publisher(session, publisher)];
    await this.ports.redis.run({ script: 'touch', keys, args: [this.limits.publisherTtlMs] });
  }
}

function parseReadReply(reply: RedisReply): ReadResult {
  const [kind, first, second, third] = reply as readonly RedisReply[];
  if (kind === 'reset') {
    const reason = first as Extract<ReadResult, { kind: 'reset' }>['reason'];
    return { kind: 'reset', reason, top: positionOf(second, third) };
  }
  return { kind: 'entries', top: positionOf(first, second), entries: entriesOf(third as readonly string[]) };
}

function positionOf(offset: RedisReply | undefined, id: RedisReply | undefined): Position {
  return { offset: Number(offset), id: asEntryId(String(id)) };
}

function entriesOf(flat: readonly string[]): readonly Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at + 3 < flat.length; at += 4) {
    const [offset, id, prev, data] = flat.slice(at, at + 4) as [string, string, string, string];
    entries.push({ offset: Number(offset), id: asEntryId(id), prev: asEntryId(prev), data });
  }
  return entries;
}
