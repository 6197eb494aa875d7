import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { breaches } from '../support/judge/promise.js';
import { summaryOf } from '../support/judge/summary.js';
import type { Verdict } from '../support/judge/verdict.js';
import { Crowd } from '../support/stage/crowd.js';
import { rollOut } from '../support/stage/rollouts.js';
import { Stage } from '../support/stage/stage.js';
import { received } from '../support/stage/troubles.js';

const rolloutMs = 90_000;
/** A scale-in in the middle of a rollout leaves fewer new pods than old ones are going: that hold ends by this. */
const stallMs = 6_000;

type Disturbance = (stage: Stage, crowd: Crowd) => Promise<unknown>;

const readyOf = ({ deployment }: Stage, revision: string): number =>
  deployment.serving.filter((pod) => pod.revision === revision).length;

/** Until one pod of the revision serves, and one of another is on its way out. */
async function halfWay(stage: Stage, revision: string): Promise<void> {
  const { deployment } = stage;
  const leaving = () => deployment.alive.some((pod) => pod.terminating && pod.revision !== revision);
  await deployment.until(`half of ${revision} to serve`, rolloutMs, () => readyOf(stage, revision) >= 1 && leaving());
}

/** What happens, and the most that one client may move in it. */
const disturbances: Readonly<Record<string, readonly [max: number, Disturbance]>> = {
  'the new pods never get ready, and it is taken back': [
    0,
    async (stage, crowd) => {
      const { deployment } = stage;
      deployment.rollTo('broken');
      const waits = () =>
        deployment.alive.some(({ process }) => process.logged('startup.waiting-for-redis').length > 0);
      await deployment.until('a pod that cannot start', rolloutMs, waits);
      await received(crowd, 500);
      deployment.rollTo('r1');
      await deployment.settled(rolloutMs);
    },
  ],
  'another begins before it has ended': [
    2,
    async (stage, crowd) => {
      stage.deployment.rollTo('r2');
      await halfWay(stage, 'r2');
      await rollOut(stage, crowd, 'r3');
    },
  ],
  'the Deployment is scaled in before it has ended': [
    2,
    async (stage, crowd) => {
      stage.deployment.rollTo('r4');
      await halfWay(stage, 'r4');
      stage.deployment.scaleTo(1);
      await rollOut(stage, crowd, 'r4');
    },
  ],
};

const verdicts = new Map<string, Verdict>();
let badExits: readonly string[] = [];

beforeAll(async () => {
  const stage = await Stage.start({
    environmentOf: (revision) => {
      // A port that nobody listens on.
      if (revision === 'broken') return { BATON_REDIS_URL: 'redis://127.0.0.1:9' };
      return revision === 'r3' ? { BATON_DRAIN_HOLD_STALL_MS: String(stallMs) } : {};
    },
  });
  try {
    const crowd = await Crowd.arrive(stage);
    try {
      for (const [name, [, happen]] of Object.entries(disturbances)) {
        crowd.phase(name);
        await happen(stage, crowd);
      }
      const { phases, whole } = await crowd.judgement(10_000);
      for (const verdict of phases) verdicts.set(verdict.phase, verdict);
      verdicts.set('whole', whole);
      badExits = stage.badExits;
    } finally {
      await crowd.leave();
    }
  } finally {
    await stage.close();
  }
}, 120_000);
afterAll(() => {
  for (const [name, verdict] of verdicts) process.stdout.write(`${name}: ${summaryOf(verdict)}\n`);
});

it.each(Object.entries(disturbances))('a rollout of which %s', (name, [max]) => {
  const verdict = verdicts.get(name);
  if (verdict === undefined) throw new Error('it was not played');
  expect(breaches(verdict, { mean: null, max, longestDelayMs: null })).toEqual([]);
});

it('in all of it nothing is lost, repeated or reordered, and every pod ends with 0', () => {
  const whole = verdicts.get('whole');
  if (whole === undefined) throw new Error('it was not played');
  expect(whole.deliveries).toBeGreaterThan(1000);
  expect(whole.moves.max).toBeGreaterThan(1);
  expect(breaches(whole, null)).toEqual([]);
  expect(badExits).toEqual([]);
});
