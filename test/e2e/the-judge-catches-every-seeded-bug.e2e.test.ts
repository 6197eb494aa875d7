import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { breachesInPhases } from '../support/judge/promise.js';
import { summaryOf } from '../support/judge/summary.js';
import { brokenPromises, type Judgement } from '../support/judge/verdict.js';
import { inLanes } from '../support/lanes.js';
import { play } from '../support/stage/play.js';
import {
  BuggyCopy,
  healMs,
  healMsFor,
  seededBugs,
  type Conviction,
  type SeededBug,
} from '../support/stage/seeded-bug.js';
import { rewinding, troubles, type TroubleName } from '../support/stage/troubles.js';

// Each bug plays its trouble with real pods, clients and Redis. A judge that has never found anything may be one that
// can't.

const bugs = await seededBugs();

async function withoutABug(): Promise<Judgement> {
  const names = Object.keys(troubles) as TroubleName[];
  return play({ troubles: names, stage: {}, healMs });
}

async function withBug(bug: SeededBug): Promise<Judgement> {
  const copy = await BuggyCopy.of(bug);
  try {
    return await play({ troubles: [bug.trouble], stage: { build: copy.build }, healMs: healMsFor(bug) });
  } finally {
    await copy.remove();
  }
}

describe('the judge', () => {
  let judgements: readonly Promise<Judgement>[] = [];
  beforeAll(() => {
    judgements = inLanes(2, [withoutABug, ...bugs.map((bug) => () => withBug(bug))]);
  });
  afterAll(async () => {
    await Promise.allSettled(judgements);
  }, 120_000);

  it('knows at least twenty-five bugs', () => {
    expect(bugs.length).toBeGreaterThanOrEqual(25);
  });

  it('finds nothing wrong without a bug, through all troubles', async () => {
    const judgement = await judgements[0];
    if (judgement === undefined) throw new Error('nothing was played');
    process.stdout.write(`without a bug: ${summaryOf(judgement.whole)}\n`);
    expect(breachesInPhases(judgement, rewinding)).toEqual([]);
  });

  it.each(bugs)('catches $name as $caughtAs, through $trouble', async (bug) => {
    const judgement = await judgements[1 + bugs.indexOf(bug)];
    if (judgement === undefined) throw new Error('nothing was played');
    process.stdout.write(`${bug.name}: ${summaryOf(judgement.whole)}\n`);
    expect(foundIn(judgement, bug.trouble)).toContain(bug.caughtAs);
  });
});

/** Where Redis lost nothing there is no reason for a reset, which so is a broken promise of its own. */
function foundIn({ whole }: Judgement, trouble: TroubleName): readonly Conviction[] {
  const forNothing = whole.resets > 0 && !rewinding.has(trouble);
  return [...brokenPromises(whole), ...(forNothing ? (['RESET FOR NOTHING'] as const) : [])];
}
