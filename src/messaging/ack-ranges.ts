import type { AckFrame, Jump } from '../protocol/frames.js';
import type { StreamName } from '../protocol/stream-name.js';

interface Range {
  from: number;
  seq: number;
  jumps: Jump[];
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
      range.jumps.push(...jumps);
      return null;
    }
    ranges.set(stream, { from: seq, seq, jumps: [...jumps] });
    return range ? frameOf(stream, range) : null;
  }

  /** A refused sequence continues a range that ends right before it. */
  refuse(stream: StreamName, seq: number): void {
    const range = this.ranges?.get(stream);
    if (range?.seq === seq - 1) range.seq = seq;
  }

  /** All finished frames; empty afterwards. */
  take(): readonly AckFrame[] {
    const frames = [...(this.ranges ?? [])].map(([stream, range]) => frameOf(stream, range));
    this.ranges?.clear();
    return frames;
  }
}

function frameOf(stream: StreamName, { from, seq, jumps }: Range): AckFrame {
  return {
    type: 'ack',
    stream,
    seq,
    ...(from === seq ? {} : { from }),
    ...(jumps.length === 0 ? {} : { jumps }),
  };
}
