import type { ResetReason } from '../protocol/frames.js';
import type { Position } from '../protocol/position.js';
import type { StreamName } from '../protocol/stream-name.js';
import type { StreamOwner } from '../redis/keys.js';

/**
 * A local receiver of one stream: one subscription of one connection. All calls are synchronous and must not throw.
 * Order of calls: (message | reset)*, `subscribed` at the end of a replay or after a reset, then live messages.
 */
export interface StreamSink {
  /** The name of the stream on the wire: part of the framed bytes. */
  readonly stream: StreamName;
  /**
   * Framed messages (complete WebSocket text frames), shared with other recipients: never change them. `last` is the
   * position after them. Returns false when the receiver's queue is full: the frames were NOT taken, the sink is no
   * longer live and must be resumed (Subscription.resume) once the queue has drained.
   */
  deliver(frames: Buffer, count: number, last: Position): boolean;
  /** What was missed is gone; always followed by `subscribed` with the same position. */
  reset(reason: ResetReason, position: Position): void;
  /** End of replay or reset: live from here. */
  subscribed(position: Position): void;
  /**
   * The stream could not be read for longer than the deadline (10 s without progress), and the subscription has ended.
   * A temporary BatonError (Redis is away, or many streams wait to be read): it may be asked for again. Else the
   * connection cannot go on.
   */
  failed(cause: unknown): void;
}

export interface Subscription {
  /** The last position handed to the sink; null before the first. */
  readonly position: Position | null;
  /** What it is given is what Redis publishes; false while it reads from its own position. */
  readonly live: boolean;
  /** Reads again from its position and goes live: after a refused delivery. No second `subscribed` is sent. */
  resume(): void;
  /** No call to the sink follows. */
  close(): void;
}

/**
 * The streams with a subscriber on this pod. Per stream it holds the pod's position and the list of its sinks, both
 * derived: losing them loses nothing, the log is read again.
 */
export interface LiveStreams {
  /** Subscribes, waits for Redis' confirmation, reads the log from `position` (null: from now on), then goes live. */
  subscribe(owner: StreamOwner, position: Position | null, sink: StreamSink): Subscription;
}

export const LIVE_STREAMS = Symbol('LiveStreams');
