import { describe, expect, it } from '@jest/globals';
import { drainBudgetProblem, untilClosingMs } from '../../src/draining/drain-budget.js';

const drain = {
  graceMs: 150_000,
  preStopMs: 0,
  holdMs: 90_000,
  holdStallMs: 30_000,
  handOverMs: 40_000,
  closeMs: 5_000,
  reserveMs: 15_000,
  peerReadyMs: 3_000,
  pacePerReceiver: 200,
};

describe('the budget of a drain', () => {
  it('fits exactly with the defaults', () => {
    expect(drainBudgetProblem(drain)).toBeNull();
  });

  it.each(['preStopMs', 'holdMs', 'handOverMs', 'closeMs', 'reserveMs'] as const)(
    'is refused with the whole sum when %s is a millisecond too long',
    (part) => {
      const problem = drainBudgetProblem({ ...drain, [part]: drain[part] + 1 });
      expect(problem).toContain('= 150001 ms, but grace is 150000 ms');
    },
  );

  it.each([
    ['nothing has been released yet', { elapsedMs: 10_000, releasedMs: null, possible: true }, 120_000],
    ['the hold ended early: its rest is not added', { elapsedMs: 10_000, releasedMs: 10_000, possible: true }, 40_000],
    ['half of the hand-over is over', { elapsedMs: 30_000, releasedMs: 10_000, possible: true }, 20_000],
    ['the hold used its whole budget', { elapsedMs: 90_000, releasedMs: 90_000, possible: true }, 40_000],
    ['the last pod got a receiver late', { elapsedMs: 120_000, releasedMs: 120_000, possible: true }, 10_000],
    ['nobody can move: all of the budget', { elapsedMs: 60_000, releasedMs: 10_000, possible: false }, 70_000],
    ['the budget is spent', { elapsedMs: 130_000, releasedMs: null, possible: false }, 0],
    ['the process was paused past the deadline', { elapsedMs: 200_000, releasedMs: 10_000, possible: true }, 0],
  ])('leaves until closing, when %s', (_when, times, leftMs) => {
    expect(untilClosingMs(drain, times)).toBe(leftMs);
  });
});
