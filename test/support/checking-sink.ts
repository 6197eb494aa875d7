import type { ResetReason } from '../../src/protocol/frames.js';
import { samePosition, type Position } from '../../src/protocol/position.js';
import type { StreamSink, Subscription } from '../../src/streams/live-streams.js';
import { parseFrames } from './stream-pod.js';

/** A receiver that knows what may come next, and says so when something else does. */
export class CheckingSink implements StreamSink {
  readonly stream = 'channel:room';
  readonly complaints: string[] = [];
  resets = 0;
  received = 0;
  answered = false;
  full = false;
  /** Closes its subscription in the middle of the next delivery, as a socket that is cut for its full queue. */
  fragile = false;
  closed = false;
  subscription: Subscription | null = null;
  private resetTo: Position | null = null;

  /** null: from now on; what comes before the answer is then of no interest. */
  constructor(public position: Position | null) {}

  deliver(frames: Buffer, count: number, last: Position): boolean {
    if (this.closed) this.complaints.push('a delivery after close');
    if (this.resetTo) this.complaints.push('a delivery between reset and subscribed');
    if (this.fragile) this.close();
    if (this.full || this.closed) return false;
    const messages = parseFrames(frames);
    if (messages.length !== count) this.complaints.push(`${messages.length} messages counted as ${count}`);
    for (const { offset, id, prev } of messages) {
      const { position } = this;
      if (!position) continue;
      if (offset !== position.offset + 1 || prev !== position.id)
        this.complaints.push(`${offset} ${id} after ${prev} came to one at ${position.offset} ${position.id}`);
      this.position = { offset, id: id as Position['id'] };
      this.received += 1;
    }
    if (this.position && !samePosition(this.position, last)) this.complaints.push('`last` is not the last message');
    return true;
  }
  reset(_reason: ResetReason, position: Position): void {
    if (this.closed) this.complaints.push('a reset after close');
    this.resets += 1;
    this.position = position;
    this.resetTo = position;
  }
  subscribed(position: Position): void {
    if (this.closed) this.complaints.push('an answer after close');
    if (this.answered && !this.resetTo) this.complaints.push('a second answer');
    if (this.position && !samePosition(position, this.position)) this.complaints.push('subscribed elsewhere');
    this.position = position;
    this.resetTo = null;
    this.answered = true;
  }
  close(): void {
    this.subscription?.close();
    this.closed = true;
  }
  failed(cause: unknown): void {
    this.complaints.push(`failed: ${String(cause)}`);
  }
}
