import { describe, expect, it } from '@jest/globals';
import { ownSignals, type SignalHost } from '../../src/draining/signals.js';
import { settle } from '../support/manual-clock.js';
import { silentLogger } from '../support/silent-logger.js';
import { SimulatedFleet } from '../support/simulated-fleet.js';

class FakeProcess implements SignalHost {
  readonly exits: number[] = [];
  private readonly listeners = new Map<string, () => void>();

  on(signal: string, listener: () => void): void {
    this.listeners.set(signal, listener);
  }
  exit(code: number): void {
    this.exits.push(code);
  }
  receive(signal: 'SIGTERM' | 'SIGINT'): void {
    this.listeners.get(signal)?.();
  }
}

async function started(close: () => Promise<void> = () => Promise.resolve()) {
  const world = new SimulatedFleet(3);
  const [pod, ...others] = await world.settled(3, 20);
  if (!pod) throw new Error('there are three pods');
  const host = new FakeProcess();
  ownSignals(host).handTo({ drain: pod.drain, close, clock: world.clock, logger: silentLogger });
  return { world, pod, others, host };
}

describe('SIGTERM', () => {
  it('while starting exits with 0 at once', () => {
    const host = new FakeProcess();
    ownSignals(host);
    host.receive('SIGTERM');
    expect(host.exits).toEqual([0]);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('(or %s) drains, closes the application and exits with 0', async (signal) => {
    const closed: string[] = [];
    const { world, pod, host } = await started(async () => {
      closed.push(pod.drain.phase);
    });
    host.receive(signal);
    await world.clock.run(20_000);
    expect(closed).toEqual(['finished']);
    expect(host.exits).toEqual([0]);
    expect(pod.drain.status()).toMatchObject({ moved: 20, forced: 0 });
  });

  it('exits with 0 too if closing the application fails, or never ends', async () => {
    const failing = await started(() => Promise.reject(new Error('no')));
    failing.host.receive('SIGTERM');
    await failing.world.clock.run(20_000);
    expect(failing.host.exits).toEqual([0]);
    const hanging = await started(() => new Promise(() => undefined));
    hanging.host.receive('SIGTERM');
    await hanging.world.clock.run(20_000);
    expect(hanging.host.exits).toEqual([0]);
  });
});

describe('a second signal', () => {
  it('ends the hold: clients move to whoever is there', async () => {
    const { world, pod, host } = await started();
    world.start('two');
    await world.clock.run(3_000);
    host.receive('SIGTERM');
    await world.clock.run(10_000);
    expect(pod.drain.status()).toMatchObject({ phase: 'holding', remaining: 20 });
    host.receive('SIGTERM');
    await world.clock.run(5_000);
    expect(pod.drain.status()).toMatchObject({ phase: 'finished', moved: 20, forced: 0 });
  });

  it('does not wait for a receiver that is not there', async () => {
    const { world, pod, others, host } = await started();
    for (const other of others) other.drain.begin('SIGTERM');
    host.receive('SIGINT');
    await world.clock.run(5_000);
    expect(pod.drain.status()).toMatchObject({ phase: 'holding', remaining: 20 });
    host.receive('SIGINT');
    await world.clock.run(1_000);
    expect(pod.drain.status()).toMatchObject({ phase: 'finished', forced: 20 });
    expect(host.exits).toEqual([0]);
  });
});

describe('a third signal', () => {
  it('exits with 1, whatever is left', async () => {
    const { world, pod, host } = await started();
    world.connect(pod, 't', true);
    for (const _ of [1, 2, 3]) host.receive('SIGTERM');
    await settle();
    expect(host.exits).toEqual([1]);
    expect(pod.size).toBe(21);
  });
});

describe('an application that is closed without a signal', () => {
  it('closes its clients at once', async () => {
    const { world, pod } = await started();
    const ended = pod.drain.shutdown();
    await world.clock.run(300);
    await ended;
    expect(pod.drain.status()).toMatchObject({ phase: 'finished', forced: 20, remaining: 0 });
  });
});
