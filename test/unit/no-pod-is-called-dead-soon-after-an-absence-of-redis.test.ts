import { beforeEach, expect, it } from '@jest/globals';
import { SteadyPods } from '../../src/connections/steady-pods.js';
import { asPodId } from '../../src/protocol/ids.js';
import { ManualClock } from '../support/manual-clock.js';

const [a, b] = [asPodId('a'), asPodId('b')];
const fleet = { stale: false };
const living = { among: () => Promise.resolve(fleet.stale ? null : new Set([a])) };
let clock: ManualClock;
let pods: SteadyPods;

beforeEach(() => {
  fleet.stale = false;
  clock = new ManualClock();
  pods = new SteadyPods(living, fleet, clock, 10_000);
  pods.start();
});

it('one without a row is dead while Redis has been there all the time', async () => {
  await clock.run(30_000, 500);
  expect(await pods.among([a, b])).toEqual(new Set([a]));
  expect(await pods.gone([a, b])).toEqual([b]);
});

it('nobody knows while it is away, and for the time to live of a row after that', async () => {
  fleet.stale = true;
  await clock.run(20_000, 500);
  expect(await pods.among([a, b])).toBeNull();
  expect(await pods.gone([a, b])).toEqual([]);
  fleet.stale = false;
  await clock.run(9_000, 500);
  expect(await pods.among([a, b])).toBeNull();
  await clock.run(1_500, 500);
  expect(await pods.among([a, b])).toEqual(new Set([a]));
});

it('those who live are known at once', async () => {
  fleet.stale = true;
  await clock.run(1_000, 500);
  fleet.stale = false;
  expect(await pods.among([a])).toEqual(new Set([a]));
});

it('ends with the pod', () => {
  pods.stop();
  expect(clock.timers).toBe(0);
});
