import { expect, it } from '@jest/globals';
import { healMs, healMsFor, seededBugs } from '../support/stage/seeded-bug.js';

it('gives a bug as long to heal as the run without one, where being late is what it may be convicted of', async () => {
  for (const caughtAs of ['LOST', 'STRANDED', 'UNREPORTED', 'LEFT BEHIND'] as const)
    expect(healMsFor({ caughtAs })).toBe(healMs);
  const shorter = (await seededBugs()).filter((bug) => healMsFor(bug) < healMs);
  expect(shorter.map(({ caughtAs }) => caughtAs)).not.toContain('LOST');
  expect(shorter.length).toBeGreaterThan(0);
});
