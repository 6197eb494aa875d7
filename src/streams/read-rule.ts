import type { ResetReason } from '../protocol/frames.js';
import type { EntryId } from '../protocol/ids.js';
import type { Position } from '../protocol/position.js';
import type { Entry, ReadResult } from './stream-log.js';

/** A log as one look finds it: plain values. */
export interface LogView {
  /** The log's own id: the one at offset 0. */
  readonly epoch: EntryId;
  readonly top: Position;
  /** What is kept, oldest first. */
  readonly entries: readonly Entry[];
}

/** Data of one page: the entry with which it is reached still comes. */
const PAGE_BYTES = 262_144;

/**
 * read.lua: one page after a position, or why the position no longer leads anywhere. `position` null: from now on.
 * `isNew`: the log was missing and has just been made, so no position can be one of its own.
 */
export function decideRead(log: LogView, position: Position | null, limit: number, isNew = false): ReadResult {
  const { top } = log;
  if (position === null) return { kind: 'entries', entries: [], top };
  const reason = refusalOf(log, position, isNew);
  if (reason !== null) return { kind: 'reset', reason, top };
  if (position.offset === top.offset) return { kind: 'entries', entries: [], top };
  const entries = pageAfter(log.entries, position.offset, limit);
  return entries.length === 0 ? { kind: 'reset', reason: 'trimmed', top } : { kind: 'entries', entries, top };
}

function refusalOf({ epoch, top, entries }: LogView, { offset, id }: Position, isNew: boolean): ResetReason | null {
  if (isNew || (offset === 0 && id !== epoch)) return 'lost';
  if (offset > top.offset) return 'ahead';
  if (offset === top.offset) return id === top.id ? null : 'forked';
  // The same id at the same offset is the same history before it; of an entry that has just been trimmed, the `prev` of
  // the next one says the same.
  const first = entries.find((entry) => entry.offset >= offset);
  if (first?.offset === offset) return first.id === id ? null : 'forked';
  if (first?.offset === offset + 1) return first.prev === id ? null : 'forked';
  return 'trimmed';
}

function pageAfter(kept: readonly Entry[], offset: number, limit: number): readonly Entry[] {
  const page: Entry[] = [];
  let bytes = 0;
  for (const entry of kept) {
    if (entry.offset <= offset) continue;
    if (entry.offset !== offset + page.length + 1 || page.length === limit || bytes >= PAGE_BYTES) break;
    page.push(entry);
    bytes += Buffer.byteLength(entry.data);
  }
  return page;
}
