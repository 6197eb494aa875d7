import { expect, it } from '@jest/globals';
import { breaches } from '../support/judge/promise.js';
import { summaryOf } from '../support/judge/summary.js';
import { Crowd } from '../support/stage/crowd.js';
import { rollBackHalfWay } from '../support/stage/rollouts.js';
import { Stage } from '../support/stage/stage.js';

it('a rollback half-way moves each client at most twice and loses no message', async () => {
  const stage = await Stage.start({ replicas: 2 });
  try {
    const crowd = await Crowd.arrive(stage);
    try {
      await rollBackHalfWay(stage, crowd, 'r1', 'r2');
      const { whole } = await crowd.judgement(10_000);
      process.stdout.write(`rollback: ${summaryOf(whole)}\n`);
      expect(whole.moves.max).toBeGreaterThan(0);
      expect(breaches(whole, { mean: null, max: 2, longestDelayMs: null })).toEqual([]);
      expect(stage.badExits).toEqual([]);
    } finally {
      await crowd.leave();
    }
  } finally {
    await stage.close();
  }
});
