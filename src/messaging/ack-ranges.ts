import type { AckFrame, Jump } from '../protocol/frames.js';
import type { StreamName } from '../protocol/stream-name.js';

interface Range {
  from: number;
  seq: number;
  jumps: readonly Jump[];
}

/**
 * The acknowledgements of one turn: one `ack` a stream covers from..seq. A `refused` in between is told on its own and
 * doesn't break the range, because an `ack` leaves out what was refused on the same connection.
 */
export class AckRanges {
  /** Made with the first: most clients never publish. */
  private ranges: Map<StreamName, Range> | null = null;

  /** Adds a settled sequence; returns the finished `ack` of this stream when it doesn't continue it. */
  settle(stream: StreamName, seq: number, jumps: readonly Jump[]): AckFrame | null {
    const ranges = (this.ranges ??= new Map<StreamName, Range>());
    const range = ranges.get(stream);
    if (range?.seq === seq - 1) {
      range.seq = seq;
      if (jumps.length > 0) range.jumps = [...range.jumps, ...jumps];
      return null;
    }
    ranges.set(stream, { from: seq, seq, jumps });
    return range ? frameOf(stream, range) : null;
  }

  /** A refused sequence continues a range that ends right before it. */
  refuse(stream: StreamName, seq: number): void {
    const range = this.ranges?.get(stream);
    if (range?.seq === seq - 1) range.seq = seq;
  }

  /** All finished frames; empty afterwards. */
  take(): readonly AckFrame[] {
    const frames: AckFrame[] = [];
    for (const [stream, range] of this.ranges ?? []) frames.push(frameOf(stream, range));
    this.ranges?.clear();
    return frames;
  }
}

function frameOf(stream: StreamName, { from, seq, jumps }: Range): AckFrame {
  if (jumps.length > 0) return { type: 'ack', stream, seq, ...(from === seq ? {} : { from }), jumps };
  return from === seq ? { type: 'ack', stream, seq } : { type: 'ack', stream, seq, from };
}
