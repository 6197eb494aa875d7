import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { closingLines, pairLines, type PairOutcome } from '../support/campaign/campaign-report.js';
import { runCampaign } from '../support/campaign/campaign.js';
import { repository } from '../support/stage/build-under-test.js';

const seed = 1;

it('faults in pairs break no promise, in the first pairs of a campaign', async () => {
  const outcomes: PairOutcome[] = [];
  await runCampaign({
    seed,
    forMs: 60_000,
    first: 1,
    last: 3,
    long: false,
    outage: false,
    topology: 'single',
    keepIn: join(repository, 'test-results'),
    stage: {},
    onPair: (outcome) => outcomes.push(outcome),
  });
  const lines = [...outcomes.flatMap(pairLines), ...closingLines(seed, outcomes, 0)];
  process.stdout.write(`${lines.join('\n')}\n`);
  expect(outcomes.flatMap(({ complaints }) => complaints)).toEqual([]);
  expect(outcomes).toHaveLength(3);
});
