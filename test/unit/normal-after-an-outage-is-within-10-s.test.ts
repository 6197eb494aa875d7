import { expect, it } from '@jest/globals';
import { inTime } from '../support/faults/outage.js';

it('takes for normal what was so within 10 s of the return of Redis, and says what was not', () => {
  expect(inTime('a newcomer is welcomed', 9_999.6)).toBe(10_000);
  expect(inTime('a newcomer is welcomed', 10_001)).toBe('a newcomer is welcomed: only after 10001 ms');
});
