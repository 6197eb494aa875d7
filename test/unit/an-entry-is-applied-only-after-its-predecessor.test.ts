import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asEntryId } from '../../src/protocol/ids.js';
import { stepFrom, type Link, type Position } from '../../src/protocol/position.js';

const id = asEntryId;
const position = { offset: 5, id: id('e5') };

describe('an entry', () => {
  it.each([
    ['the next one', { offset: 6, id: id('e6'), prev: id('e5') }, 'apply'],
    ['the next offset after another history', { offset: 6, id: id('e6'), prev: id('x5') }, 'gap'],
    ['one that skips', { offset: 7, id: id('e7'), prev: id('e6') }, 'gap'],
    ['one that skips but names our id', { offset: 7, id: id('e7'), prev: id('e5') }, 'gap'],
    ['the very entry of the position', { offset: 5, id: id('e5'), prev: id('e4') }, 'ignore'],
    ['another entry at the offset of the position', { offset: 5, id: id('x5'), prev: id('e4') }, 'gap'],
    ['an earlier one', { offset: 2, id: id('e2'), prev: id('e1') }, 'ignore'],
  ])('%s: %j is %s', (_what, link, step) => {
    expect(stepFrom(position, link)).toBe(step);
  });
});

/** Logs that have their beginning in common: `fork` entries, then each its own. */
function forkedLogs(fork: number, lengths: readonly number[]): readonly (readonly Link[])[] {
  return lengths.map((length, log) => {
    const idAt = (offset: number) => id(offset <= fork ? `e${offset}` : `log${log}-${offset}`);
    return Array.from({ length }, (_, index) => ({ offset: index + 1, id: idAt(index + 1), prev: idAt(index) }));
  });
}

describe('what was applied', () => {
  it('is one log without gap, repeat or disorder, whatever of two logs arrives in whatever order', () => {
    const arrivals = fc.array(fc.record({ log: fc.nat(1), at: fc.nat(14) }), { maxLength: 200, size: 'max' });
    fc.assert(
      fc.property(fc.nat(8), fc.tuple(fc.nat(15), fc.nat(15)), arrivals, (fork, lengths, order) => {
        const logs = forkedLogs(fork, lengths);
        let at: Position = { offset: 0, id: id('e0') };
        const applied: Link[] = [];
        for (const { log, at: index } of order) {
          const link = logs[log]?.[index];
          if (!link || stepFrom(at, link) !== 'apply') continue;
          applied.push(link);
          at = { offset: link.offset, id: link.id };
        }
        const possible = logs.map((log) => log.slice(0, applied.length));
        expect(applied.length === 0 || possible.some((log) => JSON.stringify(log) === JSON.stringify(applied))).toBe(
          true,
        );
      }),
    );
  });
});
