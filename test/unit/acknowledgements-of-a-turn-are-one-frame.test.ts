import { describe, expect, it } from '@jest/globals';
import { AckRanges } from '../../src/messaging/ack-ranges.js';

describe('acknowledgements of a turn', () => {
  it('are one frame for a run of sequences, with its jumps', () => {
    const acks = new AckRanges();
    for (const seq of [4, 5, 6]) expect(acks.settle('channel:a', seq, seq === 5 ? [[3, 5]] : [])).toBeNull();
    expect(acks.take()).toEqual([{ type: 'ack', stream: 'channel:a', from: 4, seq: 6, jumps: [[3, 5]] }]);
    expect(acks.take()).toEqual([]);
  });

  it('end at a hole: what was not settled is never covered', () => {
    const acks = new AckRanges();
    acks.settle('channel:a', 1, []);
    expect(acks.settle('channel:a', 3, [])).toEqual({ type: 'ack', stream: 'channel:a', seq: 1 });
    expect(acks.take()).toEqual([{ type: 'ack', stream: 'channel:a', seq: 3 }]);
  });

  it('go on over a refused sequence, which is told on its own', () => {
    const acks = new AckRanges();
    acks.settle('channel:a', 1, []);
    acks.refuse('channel:a', 2);
    expect(acks.settle('channel:a', 3, [])).toBeNull();
    expect(acks.take()).toEqual([{ type: 'ack', stream: 'channel:a', from: 1, seq: 3 }]);
  });

  it('are counted for each stream alone', () => {
    const acks = new AckRanges();
    acks.settle('channel:a', 1, []);
    acks.settle('channel:b', 2, []);
    expect(acks.take()).toHaveLength(2);
  });
});
