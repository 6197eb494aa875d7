import { expect, it } from '@jest/globals';
import { breaches } from '../support/judge/promise.js';
import { summaryOf } from '../support/judge/summary.js';
import { Crowd } from '../support/stage/crowd.js';
import { killOne } from '../support/stage/rollouts.js';
import { Stage } from '../support/stage/stage.js';

it('a killed pod loses nothing that was acknowledged, and its clients resume on another', async () => {
  const stage = await Stage.start();
  try {
    const crowd = await Crowd.arrive(stage);
    try {
      await killOne(stage, crowd);
      const { whole } = await crowd.judgement(10_000);
      process.stdout.write(`SIGKILL: ${summaryOf(whole)}\n`);
      expect(whole.moves.max).toBeGreaterThan(0);
      expect(breaches(whole, null)).toEqual([]);
    } finally {
      await crowd.leave();
    }
  } finally {
    await stage.close();
  }
});
