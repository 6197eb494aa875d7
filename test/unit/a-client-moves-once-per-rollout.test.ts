import { describe, expect, it } from '@jest/globals';
import { imbalance, SimulatedFleet, type SimulatedClient } from '../support/simulated-fleet.js';

const moves = (clients: readonly SimulatedClient[]) => [...new Set(clients.map((client) => client.moves))];

describe('a rollout moves every client exactly once, and evenly', () => {
  it.each([
    [3, 200, 1],
    [4, 200, 1],
    [4, 200, 4],
    [100, 100, 25],
  ])('with %d pods of %d clients each, %d at a time', async (podCount, clientsEach, surge) => {
    const world = new SimulatedFleet(podCount * surge);
    const old = await world.settled(podCount, clientsEach);
    const fresh = await world.roll(old, 'two', surge);
    await world.clock.run(25_000, 20);
    expect(old.map((pod) => pod.drain.status())).toEqual(
      old.map(() => ({
        phase: 'finished',
        remaining: 0,
        reason: 'rollout',
        moved: clientsEach,
        forced: 0,
        deadlineInMs: 0,
      })),
    );
    expect(moves(world.clients)).toEqual([1]);
    expect(imbalance(fresh)).toBeLessThanOrEqual(1.05);
  });

  it('when the new pods are all there before the last old one is told', async () => {
    const world = new SimulatedFleet(7);
    const old = await world.settled(3, 100);
    await world.roll(old, 'two', 1);
    await world.clock.run(20_000);
    expect(moves(world.clients)).toEqual([1]);
  });
});

describe('two rollouts that overlap', () => {
  it('move a client once', async () => {
    const world = new SimulatedFleet(11);
    const old = await world.settled(3, 100);
    const second = await world.roll(old.slice(0, 2), 'two', 1);
    const third = await world.roll([...second, ...old.slice(2)], 'three', 1);
    await world.clock.run(25_000);
    expect(moves(world.clients)).toEqual([1]);
    expect(third.reduce((sum, pod) => sum + pod.size, 0)).toBe(300);
  });

  it('move a client once when the second is the rollback of the first', async () => {
    const world = new SimulatedFleet(13);
    const old = await world.settled(3, 200);
    const second = await world.roll(old.slice(0, 2), 'two', 1);
    const back = await world.roll(second, 'one', 1);
    await world.clock.run(25_000);
    expect(world.clients.map((client) => client.moves)).toEqual([
      ...Array<number>(400).fill(1),
      ...Array<number>(200).fill(0),
    ]);
    expect(imbalance([...back, ...old.slice(2)])).toBeLessThanOrEqual(1.05);
    expect([...old.slice(0, 2), ...second].every((pod) => pod.exited)).toBe(true);
  });
});

describe('a rollout that does not end as it began', () => {
  it('scaled in half-way: moves a client once, when the new revision gains no pod any more', async () => {
    const world = new SimulatedFleet(37);
    const old = await world.settled(4, 100);
    const fresh = await world.roll(old.slice(0, 2), 'two', 1);
    for (const pod of old.slice(2)) pod.drain.begin('SIGTERM');
    await world.clock.run(20_000);
    expect(moves(world.clients)).toEqual([0]);
    await world.clock.run(25_000);
    expect(moves(world.clients)).toEqual([1]);
    expect(old.every((pod) => pod.exited && pod.drain.status().forced === 0)).toBe(true);
    expect(imbalance(fresh)).toBeLessThanOrEqual(1.05);
  });

  it('whose new pods never get ready: nobody moves while it waits, and who must go when it is taken back goes once', async () => {
    const world = new SimulatedFleet(41);
    const [leaving, ...staying] = await world.settled(3, 100);
    const stuck = [world.start('two', Infinity), world.start('two', Infinity)];
    await world.clock.run(3_000);
    leaving?.drain.begin('SIGTERM');
    await world.clock.run(20_000);
    expect(leaving?.drain.status()).toMatchObject({ phase: 'holding', reason: 'rollout' });
    for (const pod of stuck) pod.drain.begin('SIGTERM');
    const back = world.start('one');
    await world.clock.run(20_000);
    expect(leaving?.drain.status()).toMatchObject({ phase: 'finished', moved: 100, forced: 0 });
    expect(world.clients.map((client) => client.moves)).toEqual([
      ...Array<number>(100).fill(1),
      ...Array<number>(200).fill(0),
    ]);
    expect(stuck.every((pod) => pod.exited && pod.size === 0)).toBe(true);
    expect(back.size).toBeGreaterThan(90);
    expect(staying.every((pod) => pod.size <= 105)).toBe(true);
  });
});

describe('without a rollout to wait for', () => {
  it('a scale-in hands over after a look round', async () => {
    const world = new SimulatedFleet(17);
    const [leaving, ...staying] = await world.settled(3, 100);
    leaving?.drain.begin('SIGTERM');
    await world.clock.run(11_000);
    expect(leaving?.drain.status()).toMatchObject({ phase: 'finished', reason: 'scale-in', moved: 100, forced: 0 });
    expect(imbalance(staying)).toBeLessThanOrEqual(1.05);
  });

  it('a rollout that is stuck hands over after 30 s without another new pod, and to all who are left', async () => {
    const world = new SimulatedFleet(19);
    const [first, ...rest] = await world.settled(3, 100);
    if (!first) throw new Error('there are three pods');
    const [fresh] = await world.roll([first], 'two', 1);
    world.start('two', Infinity);
    await world.clock.run(29_000);
    expect(first.drain.status()).toMatchObject({ phase: 'holding', remaining: 100 });
    await world.clock.run(15_000);
    expect(first.drain.status()).toMatchObject({ phase: 'finished', moved: 100, forced: 0 });
    expect(fresh?.size).toBeGreaterThan(70);
    expect(rest.every((pod) => pod.size >= 100)).toBe(true);
  });

  it('pods that are told to go at the same moment send nobody to each other', async () => {
    const world = new SimulatedFleet(29);
    const [staying, ...leaving] = await world.settled(4, 100);
    for (const pod of leaving) pod.drain.begin('SIGTERM');
    await world.clock.run(20_000);
    expect(moves(world.clients.slice(100))).toEqual([1]);
    expect(staying?.size).toBe(400);
  });

  it('a rollout whose first pod only starts when an old one goes is still a rollout', async () => {
    const world = new SimulatedFleet(31);
    const [first, ...rest] = await world.settled(3, 100);
    first?.drain.begin('SIGTERM');
    await world.clock.run(1_000);
    const fresh = world.start('two', 4_000);
    await world.clock.run(10_000);
    expect(first?.drain.status()).toMatchObject({ phase: 'holding', reason: 'rollout' });
    await world.roll(rest, 'two', 2);
    await world.clock.run(20_000);
    expect(moves(world.clients)).toEqual([1]);
    expect(fresh.size).toBeGreaterThan(90);
  });

  it('the last pod holds until another is ready', async () => {
    const world = new SimulatedFleet(23);
    const [only] = await world.settled(1, 100);
    only?.drain.begin('SIGTERM');
    await world.clock.run(60_000);
    expect(only?.drain.status()).toMatchObject({ phase: 'holding', remaining: 100 });
    const next = world.start('one');
    await world.clock.run(20_000);
    expect(only?.drain.status()).toMatchObject({ phase: 'finished', moved: 100, forced: 0 });
    expect(next.size).toBe(100);
  });
});
