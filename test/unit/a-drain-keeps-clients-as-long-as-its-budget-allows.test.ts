import { describe, expect, it } from '@jest/globals';
import { untilClosingMs } from '../../src/draining/drain-budget.js';
import { drainConfig } from '../support/simulated-fleet.js';

describe('a drain', () => {
  it.each([
    ['nothing has been released yet', { elapsedMs: 10_000, releasedMs: null, waitedMs: 0, possible: true }, 120_000],
    [
      'the hold ended early: its rest is not added',
      { elapsedMs: 10_000, releasedMs: 10_000, waitedMs: 0, possible: true },
      40_000,
    ],
    ['half of the hand-over is over', { elapsedMs: 30_000, releasedMs: 10_000, waitedMs: 0, possible: true }, 20_000],
    ['the hold used its whole budget', { elapsedMs: 90_000, releasedMs: 90_000, waitedMs: 0, possible: true }, 40_000],
    [
      'the last pod got a receiver late',
      { elapsedMs: 120_000, releasedMs: 120_000, waitedMs: 0, possible: true },
      10_000,
    ],
    [
      'nobody can move: all of the budget',
      { elapsedMs: 60_000, releasedMs: 10_000, waitedMs: 0, possible: false },
      70_000,
    ],
    [
      'time in which nobody could move does not count',
      { elapsedMs: 60_000, releasedMs: 10_000, waitedMs: 30_000, possible: true },
      20_000,
    ],
    [
      'not even that makes the budget longer',
      { elapsedMs: 110_000, releasedMs: 60_000, waitedMs: 45_000, possible: true },
      20_000,
    ],
    ['the budget is spent', { elapsedMs: 130_000, releasedMs: null, waitedMs: 0, possible: false }, 0],
    [
      'the process was paused past the deadline',
      { elapsedMs: 200_000, releasedMs: 10_000, waitedMs: 0, possible: true },
      0,
    ],
  ])('keeps clients, when %s', (_when, times, leftMs) => {
    expect(untilClosingMs(drainConfig, times)).toBe(leftMs);
  });
});
