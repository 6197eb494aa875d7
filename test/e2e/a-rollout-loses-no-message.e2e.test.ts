import { expect, it } from '@jest/globals';
import { breaches } from '../support/judge/promise.js';
import { summaryOf } from '../support/judge/summary.js';
import { Crowd } from '../support/stage/crowd.js';
import { rollOut } from '../support/stage/rollouts.js';
import { Stage } from '../support/stage/stage.js';

it('a rollout loses no message and moves each client once, straight to the pod that is named', async () => {
  const stage = await Stage.start({ advertise: true });
  try {
    const crowd = await Crowd.arrive(stage);
    try {
      await rollOut(stage, crowd, 'r2');
      const { whole } = await crowd.judgement(10_000);
      process.stdout.write(`rollout: ${summaryOf(whole)}\n`);
      expect(whole.deliveries).toBeGreaterThan(1000);
      expect(breaches(whole, { mean: 1, max: 1, longestDelayMs: null })).toEqual([]);
      expect(stage.badExits).toEqual([]);
    } finally {
      await crowd.leave();
    }
  } finally {
    await stage.close();
  }
});
