import type { EntryId } from './ids.js';

/**
 * The last entry seen of a stream. Offset 0 carries the log's own id, so that an empty log has a position too. The same
 * id at the same offset means the same history before it; an offset alone does not: after a failover a shorter log grows
 * past the client's offset with other entries, and messages would be missed in silence.
 */
export interface Position {
  /** 0 before the first entry. */
  readonly offset: number;
  /** Of the entry; at offset 0 of the log itself. */
  readonly id: EntryId;
}

/** What an entry says about its place: its own offset and id, and the id of the entry before it. */
export interface Link {
  readonly offset: number;
  readonly id: EntryId;
  readonly prev: EntryId;
}

export type Step = 'apply' | 'ignore' | 'gap';

/**
 * (M) The one rule for applying an entry, for pods and clients alike: it is the next one exactly if its `prev` is the
 * position's id and its offset the next. Lower offsets, and the very entry the position names, are repeats. Everything
 * else is a gap: read again from the position.
 */
export function stepFrom(position: Position, link: Link): Step {
  if (link.offset === position.offset + 1 && link.prev === position.id) return 'apply';
  if (link.offset < position.offset) return 'ignore';
  if (link.offset === position.offset && link.id === position.id) return 'ignore';
  return 'gap';
}

export function samePosition(a: Position, b: Position): boolean {
  return a.offset === b.offset && a.id === b.id;
}
