import { BatonError } from '../lib/baton-error.js';
import type { Clock } from '../lib/clock.js';
import { randomId } from '../lib/random-id.js';
import { asEntryId, type EntryId, type PublisherId, type SessionId } from '../protocol/ids.js';
import type { Position } from '../protocol/position.js';
import type { RedisKeys, StreamKeys, StreamOwner } from '../redis/keys.js';
import type { AppendLimits } from './append-limits.js';
import { decideSequenced, type Settled } from './append-rule.js';
import { liveMessage } from './live-entries.js';
import type { MemoryKeyspace } from './memory-keyspace.js';
import { decideRead } from './read-rule.js';
import type { AppendItem, AppendResult, KeyedItem, ReadResult, SequencedItem, StreamLog } from './stream-log.js';
import { trimAtMs, withinWindow, type KeptEntry } from './trim-rule.js';

interface Top {
  readonly epoch: EntryId;
  readonly top: Position;
  readonly trimDueMs: number;
}

export interface MemoryStreamPorts {
  readonly keyspace: MemoryKeyspace;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly publish: (channel: string, message: string) => void;
}

/** The twin of append.lua and read.lua in one process: the same rules, keys and lives of keys. */
export class MemoryStreamLog implements StreamLog {
  constructor(
    private readonly ports: MemoryStreamPorts,
    private readonly limits: AppendLimits,
  ) {}

  async append(owner: StreamOwner, item: AppendItem): Promise<AppendResult> {
    const keys = this.ports.keys.stream(owner);
    try {
      return await Promise.resolve(item.kind === 'send' ? this.send(keys, item) : this.publish(keys, item));
    } catch (cause) {
      throw new BatonError('internal', undefined, { cause });
    }
  }

  async read(owner: StreamOwner, position: Position | null, limit: number): Promise<ReadResult> {
    const keys = this.ports.keys.stream(owner);
    const { top, isNew } = this.open(keys);
    this.ports.keyspace.expireIn(keys.top, this.limits.topTtlMs);
    const entries = this.entriesOf(keys).map(({ offset, id, prev, data }) => ({ offset, id, prev, data }));
    const view = { epoch: top.epoch, top: top.top, entries };
    return Promise.resolve(decideRead(view, position, limit, isNew));
  }

  async touch(owner: StreamOwner, session: SessionId, publisher: PublisherId): Promise<void> {
    const guard = this.ports.keys.stream(owner).publisher(session, publisher);
    this.ports.keyspace.expireIn(guard, this.limits.publisherTtlMs);
    return Promise.resolve();
  }

  private publish(keys: StreamKeys, item: SequencedItem): AppendResult {
    const { keyspace, clock } = this.ports;
    const guard = keys.publisher(item.session, item.publisher);
    const before = keyspace.get(guard, 'settled') as Settled | null;
    const { settled, result, appends } = decideSequenced(before, item, clock.now(), this.limits.lateMs);
    if (result.kind === 'late') return result;
    const position = appends ? this.put(keys, item.data ?? '') : null;
    // Only now: an append that failed must not look settled. Nothing settled leaves no key behind.
    if (settled.last > 0) keyspace.set(guard, 'settled', settled, this.limits.publisherTtlMs);
    return result.kind === 'ack' ? { ...result, position } : result;
  }

  private send(keys: StreamKeys, { idempotency, data }: KeyedItem): AppendResult {
    const { keyspace } = this.ports;
    const guard = keys.idempotency(idempotency);
    const before = keyspace.get(guard, 'sent') as number | null;
    if (before !== null) return { kind: 'sent', offset: before, repeated: true };
    const { offset } = this.put(keys, data);
    keyspace.set(guard, 'sent', offset, this.limits.windowMs);
    return { kind: 'sent', offset, repeated: false };
  }

  private put(keys: StreamKeys, data: string): Position {
    const { keyspace, clock, publish } = this.ports;
    const { epoch, top, trimDueMs } = this.open(keys).top;
    const before = this.entriesOf(keys);
    const nowMs = clock.now();
    const position = { offset: top.offset + 1, id: asEntryId(randomId()) };
    const entry: KeptEntry = { ...position, prev: top.id, data, atMs: nowMs, bytes: Buffer.byteLength(data) };
    // What top says about the content of a log that has expired is of the past.
    const dueMs = before.length === 0 ? trimAtMs(nowMs, this.limits) : trimDueMs;
    const grown = [...before, entry];
    const kept = withinWindow(grown, dueMs, this.limits, nowMs);
    const nextDueMs = kept === grown ? dueMs : trimAtMs(kept[0]?.atMs ?? nowMs, this.limits);
    keyspace.set(keys.log, 'log', kept, this.limits.windowMs);
    keyspace.set(keys.top, 'top', { epoch, top: position, trimDueMs: nextDueMs } satisfies Top, this.limits.topTtlMs);
    publish(keys.live, liveMessage(epoch, [entry]));
    return position;
  }

  private open(keys: StreamKeys): { readonly top: Top; readonly isNew: boolean } {
    const { keyspace } = this.ports;
    const found = keyspace.get(keys.top, 'top') as Top | null;
    if (found) return { top: found, isNew: false };
    // A log that outlived its top belongs to positions that no longer lead anywhere.
    keyspace.put(keys.log, null);
    const epoch = asEntryId(randomId());
    const top: Top = { epoch, top: { offset: 0, id: epoch }, trimDueMs: 0 };
    keyspace.set(keys.top, 'top', top, this.limits.topTtlMs);
    return { top, isNew: true };
  }

  private entriesOf(keys: StreamKeys): readonly KeptEntry[] {
    return (this.ports.keyspace.get(keys.log, 'log') as readonly KeptEntry[] | null) ?? [];
  }
}
