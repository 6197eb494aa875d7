import { describe, expect, it } from '@jest/globals';
import { ApiError, retryAfterMs } from '../../src/kubernetes/api-error.js';
import { LineSplitter, LineTooLongError } from '../../src/kubernetes/line-splitter.js';
import { GarbledError, SilenceError, watchRetry } from '../../src/kubernetes/watch-retry.js';

const times = { firstMs: 500, mostMs: 30_000, forbiddenMs: 300_000 };
const after = (error: unknown, failures: number, luck = 1) => watchRetry(error, failures, times, () => luck);

describe('after the end of a watch', () => {
  it.each([
    ['in its time', null, { reason: 'ended', relist: false, afterMs: 0 }],
    ['in silence', new SilenceError(''), { reason: 'silent', relist: false, afterMs: 0 }],
    ['with 410', new ApiError(410, ''), { reason: 'expired', relist: true, afterMs: 0 }],
    ['with nonsense', new GarbledError(''), { reason: 'garbled', relist: true, afterMs: 500 }],
    ['with 401', new ApiError(401, ''), { reason: 'unauthorized', relist: false, afterMs: 500 }],
    ['with 403', new ApiError(403, ''), { reason: 'forbidden', relist: false, afterMs: 300_000 }],
    ['with 429', new ApiError(429, ''), { reason: 'throttled', relist: false, afterMs: 500 }],
    [
      'with 429 and a time',
      new ApiError(429, '', { retryAfterMs: 7_000 }),
      { reason: 'throttled', relist: false, afterMs: 7_500 },
    ],
    [
      'with 429 and a time that is too long',
      new ApiError(429, '', { retryAfterMs: 86_400_000 }),
      { reason: 'throttled', relist: false, afterMs: 300_500 },
    ],
    ['with 500', new ApiError(500, ''), { reason: 'failed', relist: false, afterMs: 500 }],
    ['by a cut', new Error('aborted'), { reason: 'failed', relist: false, afterMs: 500 }],
  ])('%s, the next begins', (_how, error, retry) => {
    expect(after(error, 0)).toEqual(retry);
  });

  it.each([null, new SilenceError(''), new ApiError(410, ''), new ApiError(500, ''), new ApiError(401, '')])(
    'it takes longer each time: %s',
    (error) => {
      expect([1, 2, 3, 10].map((failures) => after(error, failures).afterMs)).toEqual([1_000, 2_000, 4_000, 30_000]);
      expect(after(error, 3, 0).afterMs).toBe(0);
    },
  );

  it('a permission is asked for again after half of its time at the earliest', () => {
    expect(after(new ApiError(403, ''), 5, 0).afterMs).toBe(150_000);
  });
});

it.each([
  ['5', 5_000],
  ['0', 0],
  [undefined, null],
  ['soon', null],
  ['Wed, 21 Oct 2026 07:28:00 GMT', null],
  ['-1', null],
])('Retry-After: %s', (header, ms) => {
  expect(retryAfterMs(header)).toBe(ms);
});

describe('lines', () => {
  const push = (parts: readonly string[]) => {
    const lines = new LineSplitter(10);
    return parts.flatMap((part) => lines.push(Buffer.from(part, 'latin1')));
  };
  it.each([
    [['one\ntwo\n'], ['one', 'two']],
    [
      ['o', 'n', 'e\nt', 'wo', '\n'],
      ['one', 'two'],
    ],
    [['one\n\n\ntwo'], ['one']],
    [['\xc3', '\xbc\n'], ['ü']],
    [[''], []],
  ])('%j', (parts, lines) => {
    expect(push(parts)).toEqual(lines);
  });
  it('are bounded', () => {
    expect(push(['0123456789', '\n'])).toEqual(['0123456789']);
    expect(() => push(['0123456789', 'x'])).toThrow(LineTooLongError);
  });
});
