import { isEntryId, isId, isPublisherId, isSessionId, type PublisherId } from '../protocol/ids.js';
import type { Position } from '../protocol/position.js';
import { isStreamName, type StreamName } from '../protocol/stream-name.js';
import type { SessionKey } from './ownership.js';
import type { SequenceRange } from './sequence-ranges.js';

/** What a client remembers across a reload of its page. Versioned: another version is as good as none. */
export interface Kept {
  readonly v: number;
  /** Random; whoever has the lock of this name is the only one who may use the record. A copied tab copies it, too. */
  readonly owner: string;
  readonly session: SessionKey | null;
  readonly attempt: number;
  /** Null without a session, and if they are too many to be kept: their outcome isn't known to the next page. */
  readonly publishes: KeptPublishes | null;
  /** How many publishes had no answer, those that couldn't be kept included. */
  readonly unsettled: number;
  /** Of what the application was given; the streams used last at the end. */
  readonly positions: readonly (readonly [stream: StreamName, position: Position])[];
}

export interface KeptPublishes {
  readonly publisher: PublisherId;
  readonly queues: readonly KeptQueue[];
}

/** One stream's part of a publisher: the sequence goes on where it was. */
export interface KeptQueue {
  readonly stream: StreamName;
  readonly lastSeq: number;
  readonly acknowledged: boolean;
  readonly noMessage: readonly SequenceRange[];
  /** JSON text, null in a mark. */
  readonly unsettled: readonly (readonly [seq: number, data: string | null])[];
}

export const VERSION = 1;

/** Null for whatever this version didn't write. Each field is looked at: a record that is half right would send nonsense. */
export function parseKept(text: string): Kept | null {
  try {
    const kept = JSON.parse(text) as Kept;
    const { v, owner, session, attempt, publishes, unsettled, positions } = kept;
    const right =
      v === VERSION &&
      isId(owner) &&
      (session === null || (isSessionId(session.id) && typeof session.resume === 'string')) &&
      isCount(attempt) &&
      isCount(unsettled) &&
      (publishes === null || (isPublisherId(publishes.publisher) && publishes.queues.every(isQueue))) &&
      positions.every(([stream, { offset, id }]) => isStreamName(stream) && isCount(offset) && isEntryId(id));
    return right ? kept : null;
  } catch {
    return null;
  }
}

function isQueue({ stream, lastSeq, noMessage, unsettled }: KeptQueue): boolean {
  let before = 0;
  return (
    isStreamName(stream) &&
    isCount(lastSeq) &&
    noMessage.every(([from, to]) => isCount(from) && isCount(to)) &&
    unsettled.every(([seq, data]) => {
      const follows = isCount(seq) && seq > before && seq <= lastSeq;
      before = seq;
      // The text is sent as it stands: JSON.parse throws if it would break the frame.
      return follows && (data === null || JSON.parse(data) !== undefined);
    })
  );
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
