import { describe, expect, it } from '@jest/globals';
import { fittedTo } from '../../src/draining/drain-budget.js';
import { holdDecision } from '../../src/draining/hold-decision.js';
import { noOrchestrator, type DrainNews, type Orchestrator } from '../../src/fleet/orchestrator.js';
import { routed } from '../../src/fleet/peer-choice.js';
import { podRow } from '../support/pod-rows.js';
import { drainConfig, SimulatedFleet, type SimulatedPod } from '../support/simulated-fleet.js';

/** An orchestrator whose knowledge a test changes. */
class Knowing implements Orchestrator {
  graceMs: number | null = null;
  wanted: number | null = null;
  readonly led = new Map<string, boolean>();
  readonly news: DrainNews[] = [];
  routesTo(podName: string): boolean | null {
    return this.led.get(podName) ?? null;
  }
  tell(news: DrainNews): void {
    this.news.push(news);
  }
}

async function fleetWith(orchestrator: Orchestrator, pods: number, clientsEach: number) {
  const world = new SimulatedFleet(7);
  world.orchestrator = orchestrator;
  const [self] = await world.settled(pods, clientsEach);
  if (!self) throw new Error('there is a pod');
  return { world, self };
}

/** ms from SIGTERM to the end, looked at every 100 ms. */
async function timeToEnd(world: SimulatedFleet, self: SimulatedPod): Promise<number> {
  const beganMs = world.clock.monotonic();
  while (self.drain.phase !== 'finished' && world.clock.monotonic() - beganMs < 600_000) await world.clock.run(100, 50);
  return world.clock.monotonic() - beganMs;
}

describe('the granted grace period', () => {
  const times = ({ holdMs, handOverMs, closeMs, reserveMs }: typeof drainConfig) => [
    holdMs,
    handOverMs,
    closeMs,
    reserveMs,
  ];
  it.each([
    ['is unknown', null, drainConfig, [90_000, 40_000, 5_000, 15_000]],
    ['is the configured one', 150_000, drainConfig, [90_000, 40_000, 5_000, 15_000]],
    ['is longer: a longer hold', 200_000, drainConfig, [140_000, 40_000, 5_000, 15_000]],
    ['is shorter: a shorter hold', 100_000, drainConfig, [40_000, 40_000, 5_000, 15_000]],
    ['leaves time for a look round only', 62_500, drainConfig, [2_500, 40_000, 5_000, 15_000]],
    ['is half of what that needs', 31_250, drainConfig, [1_250, 20_000, 2_500, 7_500]],
    ['never held', 30_000, { ...drainConfig, holdMs: 0 }, [0, 20_000, 2_500, 7_500]],
    ['is none', 0, drainConfig, [0, 0, 0, 0]],
    ['is shorter by what was free', 150_000, { ...drainConfig, graceMs: 170_000 }, [90_000, 40_000, 5_000, 15_000]],
    ['begins before a preStop hook', 100_000, { ...drainConfig, preStopMs: 10_000 }, [30_000, 40_000, 5_000, 15_000]],
  ])('%s', (_what, graceMs, configured, expected) => {
    const fitted = fittedTo(configured, graceMs);
    expect(times(fitted)).toEqual(expected);
    if (graceMs !== null)
      expect(
        fitted.preStopMs + fitted.holdMs + fitted.handOverMs + fitted.closeMs + fitted.reserveMs,
      ).toBeLessThanOrEqual(Math.max(graceMs, fitted.preStopMs));
  });

  it('ends the drain in time when it is shortened in the middle', async () => {
    const orchestrator = new Knowing();
    // The only pod: it would keep its clients for 130 s.
    const { world, self } = await fleetWith(orchestrator, 1, 20);
    self.drain.begin('SIGTERM');
    await world.clock.run(10_000, 100);
    expect(self.drain.status()).toMatchObject({ phase: 'holding', deadlineInMs: 120_000 });
    orchestrator.graceMs = 40_000;
    expect(10_000 + (await timeToEnd(world, self))).toBeLessThan(40_000);
  });

  it('keeps clients of the last pod for as long as it is', async () => {
    const orchestrator = new Knowing();
    const { world, self } = await fleetWith(orchestrator, 1, 1);
    self.drain.begin('SIGTERM');
    orchestrator.graceMs = 250_000;
    await world.clock.run(200_000, 500);
    expect(self.drain.status()).toMatchObject({ phase: 'holding', remaining: 1 });
  });
});

describe('a hold ends with as many new pods as are wanted', () => {
  const now = 1_000_000;
  const fresh = podRow('x', { revision: 'two', startedAtMs: now - 20_000, readySinceMs: now - 5_000 });
  const view = (wanted: number | null) => ({
    reason: 'rollout' as const,
    self: podRow('a', { state: 'draining' }),
    peers: [podRow('b', { state: 'draining' }), fresh],
    receivers: [fresh],
    redisAway: false,
    nowMs: now,
    beganAtMs: now - 10_000,
    wanted,
    elapsedMs: 10_000,
  });
  it.each([
    [1, { hold: false, why: 'rollout-complete' }],
    [2, { hold: true, why: 'rollout-under-way' }],
    [5, { hold: true, why: 'rollout-under-way' }],
    [null, { hold: true, why: 'rollout-under-way' }],
  ])('two leave, one has come, wanted: %s', (wanted, decision) => {
    expect(holdDecision(view(wanted), drainConfig)).toEqual(decision);
  });
});

describe('clients go to pods that newcomers are led to', () => {
  it.each([
    ['where that is known', { x: true, y: false }, ['x']],
    ['rather than where it is unknown', { x: true }, ['x']],
    ['or to any, where nobody is', { x: false, y: false }, ['x', 'y']],
    ['or to any, where nothing is known', {}, ['x', 'y']],
  ])('%s', (_when, led, expected) => {
    const known = new Map(Object.entries(led));
    const rows = routed([podRow('x'), podRow('y')], { routesTo: (name) => known.get(name) ?? null });
    expect(rows.map(({ name }) => name)).toEqual(expected);
  });

  it('from a drain, too', async () => {
    const orchestrator = new Knowing();
    const { world, self } = await fleetWith(orchestrator, 3, 30);
    orchestrator.led.set('one-1', true).set('one-2', false);
    self.drain.begin('SIGTERM');
    await timeToEnd(world, self);
    expect(world.pods.map((pod) => pod.size)).toEqual([0, 60, 30]);
  });
});

describe('a pod without clients', () => {
  it.each([
    ['goes after 3 s where nothing is known', [], 3_000],
    ['goes 3 s after newcomers are led elsewhere', [true, true, true, true, true, false], 8_000],
    ['goes after 15 s from an endpoint that is never taken away', Array.from({ length: 30 }, () => true), 15_000],
  ])('%s', async (_what, ledBySecond, expectedMs) => {
    const orchestrator = new Knowing();
    const { world, self } = await fleetWith(orchestrator, 2, 0);
    const beganMs = world.clock.monotonic();
    ledBySecond.forEach((led, second) => {
      world.clock.after(second * 1_000, () => void orchestrator.led.set(self.name, led));
    });
    self.drain.begin('SIGTERM');
    await timeToEnd(world, self);
    const tookMs = world.clock.monotonic() - beganMs;
    expect(tookMs).toBeGreaterThanOrEqual(expectedMs - 200);
    expect(tookMs).toBeLessThanOrEqual(expectedMs + 500);
  });
});

it('a drain tells when it began, whom it closed and how it ended', async () => {
  const orchestrator = new Knowing();
  const { world, self } = await fleetWith(orchestrator, 2, 10);
  world.connect(self, 't', true);
  self.drain.begin('SIGTERM');
  await timeToEnd(world, self);
  expect(orchestrator.news).toEqual([
    { kind: 'began', connections: 11 },
    { kind: 'forced', connections: 1 },
    { kind: 'finished', moved: 10, forced: 1, tookMs: expect.any(Number) },
  ]);
});

it('nobody to ask is nobody who knows', () => {
  noOrchestrator.tell({ kind: 'began', connections: 1 });
  expect([noOrchestrator.routesTo('x'), noOrchestrator.wanted, noOrchestrator.graceMs]).toEqual([null, null, null]);
});
