import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { complaintsOf, summaryOf } from '../support/judge/summary.js';
import { brokenPromises, type Verdict } from '../support/judge/verdict.js';
import { inLanes } from '../support/lanes.js';
import { play } from '../support/stage/play.js';
import { BuggyCopy, type SeededBug, seededBugs } from '../support/stage/seeded-bug.js';
import { troubles, type TroubleName } from '../support/stage/troubles.js';

// Each bug plays its trouble with real pods, clients and Redis. A judge that has never found anything may be one that
// can't.

const bugs = await seededBugs();

async function withoutABug(): Promise<Verdict> {
  const names = Object.keys(troubles) as TroubleName[];
  return (await play({ troubles: names, stage: {}, healMs: 15_000 })).whole;
}

async function withBug(bug: SeededBug): Promise<Verdict> {
  const copy = await BuggyCopy.of(bug);
  try {
    return (await play({ troubles: [bug.trouble], stage: { build: copy.build }, healMs: 3_000 })).whole;
  } finally {
    await copy.remove();
  }
}

describe('the judge', () => {
  let verdicts: readonly Promise<Verdict>[] = [];
  beforeAll(() => {
    verdicts = inLanes(2, [withoutABug, ...bugs.map((bug) => () => withBug(bug))]);
  });
  afterAll(async () => {
    await Promise.allSettled(verdicts);
  }, 120_000);

  it('knows at least eight bugs', () => {
    expect(bugs.length).toBeGreaterThanOrEqual(8);
  });

  it('finds nothing wrong without a bug, through all troubles', async () => {
    const verdict = await verdicts[0];
    if (verdict === undefined) throw new Error('nothing was played');
    process.stdout.write(`without a bug: ${summaryOf(verdict)}\n`);
    expect(complaintsOf(verdict)).toEqual([]);
  });

  it.each(bugs)('catches $name as $caughtAs, through $trouble', async (bug) => {
    const verdict = await verdicts[1 + bugs.indexOf(bug)];
    if (verdict === undefined) throw new Error('nothing was played');
    process.stdout.write(`${bug.name}: ${summaryOf(verdict)}\n`);
    expect([...brokenPromises(verdict)]).toContain(bug.caughtAs);
  });
});
