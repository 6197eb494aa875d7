import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { drainConfig, SimulatedFleet, type SimulatedPod } from '../support/simulated-fleet.js';
import { settle } from '../support/manual-clock.js';

/** A tenth of the real times, so that thousands of drains fit into a test. */
const config = {
  ...drainConfig,
  graceMs: 15_000,
  holdMs: 9_000,
  holdStallMs: 3_000,
  handOverMs: 4_000,
  closeMs: 500,
  reserveMs: 1_500,
  peerReadyMs: 300,
};
const BUDGET = config.holdMs + config.handOverMs + config.closeMs;
/** Two ticks of the coordinator. */
const SLACK = 200;

const happenings = [
  'redis goes',
  'redis comes',
  'pod starts',
  'peer drains',
  'deaf client',
  'client leaves',
  'hurry',
] as const;

async function happen(world: SimulatedFleet, self: SimulatedPod, what: (typeof happenings)[number]): Promise<void> {
  if (what === 'redis goes') world.redisAway = true;
  if (what === 'redis comes') world.redisAway = false;
  if (what === 'pod starts') world.start(world.random() < 0.5 ? 'one' : 'two', 200);
  if (what === 'peer drains') world.pods.find((pod) => pod !== self && !pod.drain.isDraining)?.drain.begin('SIGTERM');
  if (what === 'deaf client' && !self.exited) world.connect(self, 't', true);
  if (what === 'client leaves') for (const client of [...self.clients].slice(0, 1)) client.terminate();
  if (what === 'hurry') self.drain.hurry('SIGTERM');
  await settle();
}

describe('a drain ends within its budget', () => {
  it('whatever happens meanwhile, in whatever order', async () => {
    const event = fc.tuple(fc.constantFrom(...happenings), fc.integer({ min: 1, max: 3_000 }));
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 12 }), fc.nat(1_000), async (events, seed) => {
        const world = new SimulatedFleet(seed, config);
        const [self] = await world.settled(1 + (seed % 3), 5);
        if (!self) throw new Error('there is a pod');
        world.connect(self, 't', true);
        self.drain.begin('SIGTERM');
        const beganMs = world.clock.monotonic();
        for (const [what, waitMs] of events) {
          await happen(world, self, what);
          await world.clock.run(waitMs, 50);
        }
        await world.clock.run(Math.max(0, beganMs + BUDGET + SLACK - world.clock.monotonic()), 50);
        expect(self.drain.status()).toMatchObject({ phase: 'finished', remaining: 0 });
      }),
      { numRuns: 60 },
    );
  });

  it('even if telling the fleet never returns', async () => {
    const world = new SimulatedFleet(1, config);
    const [self] = await world.settled(2, 5);
    if (!self) throw new Error('there are two pods');
    self.fleet.announce = () => new Promise(() => undefined);
    self.drain.begin('SIGTERM');
    await world.clock.run(BUDGET + SLACK, 50);
    expect(self.drain.status()).toMatchObject({ phase: 'finished', remaining: 0 });
  });

  it('with its timers gone', async () => {
    const world = new SimulatedFleet(1, config);
    const [self] = await world.settled(1, 5);
    self?.drain.begin('SIGTERM');
    await world.clock.run(BUDGET + SLACK, 50);
    expect(world.clock.timers).toBe(0);
  });
});

describe('the deadline', () => {
  it('closes with 1012 whom nobody could take, spread over the time for closing', async () => {
    const world = new SimulatedFleet(1, config);
    const [self] = await world.settled(1, 100);
    self?.drain.begin('SIGTERM');
    await world.clock.run(config.holdMs + config.handOverMs - 100);
    expect(self?.size).toBe(100);
    await world.clock.run(100 + config.closeMs * 0.3);
    expect(self?.size).toBeGreaterThan(25);
    expect(self?.size).toBeLessThan(75);
    await world.clock.run(config.closeMs);
    expect(self?.drain.status()).toMatchObject({ phase: 'finished', moved: 0, forced: 100, remaining: 0 });
    expect(world.clients.every((client) => client.forced === 1)).toBe(true);
  });

  it('ends a hand-over of clients that do not move after the time for it, not after the whole budget', async () => {
    const world = new SimulatedFleet(1, config);
    const [self] = await world.settled(2, 10);
    if (!self) throw new Error('there are two pods');
    world.connect(self, 't', true);
    self.drain.begin('SIGTERM');
    const lookRoundMs = 2_500;
    await world.clock.run(lookRoundMs + config.handOverMs - 200);
    expect(self.drain.status()).toMatchObject({ phase: 'handing-over', remaining: 1 });
    await world.clock.run(1_000);
    expect(self.drain.status()).toMatchObject({ phase: 'finished', moved: 10, forced: 1 });
  });
});

describe('while Redis is away', () => {
  it('nobody is sent off, and all are kept until the deadline', async () => {
    const world = new SimulatedFleet(1, config);
    const [self] = await world.settled(3, 10);
    if (!self) throw new Error('there are three pods');
    world.redisAway = true;
    self.drain.begin('SIGTERM');
    await world.clock.run(config.holdMs + config.handOverMs - 200, 50);
    expect(self.drain.status()).toMatchObject({ remaining: 10, moved: 0 });
    expect(self.admit(0)).toMatchObject({ kind: 'busy' });
    await world.clock.run(200 + config.closeMs + SLACK, 50);
    expect(self.drain.status()).toMatchObject({ phase: 'finished', forced: 10 });
  });

  it('the hand-over waits, and goes on when it is back', async () => {
    const world = new SimulatedFleet(1, config);
    const [self] = await world.settled(3, 10);
    if (!self) throw new Error('there are three pods');
    world.redisAway = true;
    self.drain.begin('SIGTERM');
    await world.clock.run(6_000, 50);
    world.redisAway = false;
    await world.clock.run(6_000, 50);
    expect(self.drain.status()).toMatchObject({ phase: 'finished', moved: 10, forced: 0 });
  });

  it('in the middle of the hand-over, its time does not run: all are handed over when it is back', async () => {
    const world = new SimulatedFleet(1, { ...config, pacePerReceiver: 2 });
    const [self] = await world.settled(3, 10);
    if (!self) throw new Error('there are three pods');
    self.drain.begin('SIGTERM');
    const releasedMs = 2_500;
    await world.clock.run(releasedMs + 600, 50);
    expect(self.drain.phase).toBe('handing-over');
    expect(self.size).toBeGreaterThan(5);
    world.redisAway = true;
    await world.clock.run(config.handOverMs + 500, 50);
    expect(self.drain.phase).toBe('handing-over');
    world.redisAway = false;
    await world.clock.run(config.handOverMs + SLACK, 50);
    expect(self.drain.status()).toMatchObject({ phase: 'finished', moved: 10, forced: 0 });
  });
});

it('a process that is paused in the middle of the hand-over goes on with it', async () => {
  const world = new SimulatedFleet(1, { ...config, pacePerReceiver: 2 });
  const [self] = await world.settled(3, 10);
  if (!self) throw new Error('there are three pods');
  self.drain.begin('SIGTERM');
  await world.clock.run(3_100, 50);
  expect(self.drain.phase).toBe('handing-over');
  world.clock.pause(config.handOverMs);
  await world.clock.run(config.handOverMs + SLACK, 50);
  expect(self.drain.status()).toMatchObject({ phase: 'finished', moved: 10, forced: 0 });
});
