import { describe, expect, it } from '@jest/globals';
import { asEntryId } from '../../src/protocol/ids.js';
import { stepFrom } from '../../src/protocol/position.js';

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
