import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StreamName } from '../../src/client/index.js';
import { ClientWorld, STREAMS, type Step } from '../support/client-world.js';
import type { Admission } from '../support/model-service.js';

/** The newest connections are those on which something happens. */
const link = fc.constantFrom(0, 0, 0, 1, 1, 2);
const stream = fc.constantFrom(0, 0, 0, 1);
const wire = fc.record({ do: fc.constantFrom('up', 'up', 'down', 'down', 'down', 'sync', 'sync'), link });
const publish = fc.record({ do: fc.constantFrom('publish', 'publish', 'backend-publish'), stream });
const move = fc.record({ do: fc.constantFrom('migrate', 'exchange') });
const save = fc.record({ do: fc.constantFrom('save', 'failover') });
const time = fc.record({ do: fc.constant('time'), ms: fc.constantFrom(100, 600, 600, 6_000, 11_000) });
const breaks = fc.record({ do: fc.constantFrom('leave', 'cut'), link });
const toggle = fc.record({ do: fc.constant('toggle'), stream });
const outage = fc.record({ do: fc.constantFrom('outage', 'exchange') });
const admission = fc.record({
  do: fc.constant('admission'),
  admission: fc.constantFrom<Admission>('take', 'take', 'elsewhere', 'busy', 'silent'),
});
const endSession = fc.record({ do: fc.constantFrom('end-session', 'exchange', 'exchange') });

/** Each tries one kind of trouble in depth; the last all together. */
const profiles: readonly (readonly [number, fc.Arbitrary<Step>][])[] = [
  [
    [10, wire],
    [4, publish],
    [2, move],
    [3, save],
    [1, time],
  ],
  [
    [10, wire],
    [3, publish],
    [2, move],
    [3, toggle],
    [1, time],
  ],
  [
    [10, wire],
    [4, publish],
    [1, move],
    [2, outage],
    [2, save],
    [2, time],
  ],
  [
    [10, wire],
    [2, publish],
    [2, move],
    [2, time],
    [2, breaks],
    [2, admission],
  ],
  [
    [12, wire],
    [5, publish],
    [3, move],
    [2, save],
    [2, time],
    [2, breaks],
    [1, toggle],
    [1, outage],
    [1, admission],
    [1, endSession],
  ],
];
const steps = fc.oneof(
  ...profiles.map((profile) =>
    fc.array(fc.oneof(...profile.map(([weight, arbitrary]) => ({ weight, arbitrary }))), {
      maxLength: 80,
      size: 'max',
    }),
  ),
);

/** Every message applied follows the one before it, and none comes twice, unless a reset told the application in between. */
function expectOrder({ events, service }: ClientWorld): void {
  const applied = new Map<StreamName, Set<string>>(STREAMS.map((name) => [name, new Set()]));
  const last = new Map<StreamName, string>();
  for (const event of events) {
    if (event.type === 'rejected' && event.code === 'unsubscribed') last.delete(event.stream);
    if (event.type === 'subscribed' || event.type === 'reset') {
      if (event.type === 'subscribed' && last.has(event.stream)) expect(event.position.id).toBe(last.get(event.stream));
      last.set(event.stream, event.position.id);
    }
    if (event.type === 'reset') applied.get(event.stream)?.clear();
    if (event.type !== 'message') continue;
    expect(applied.get(event.stream)?.has(event.id)).toBe(false);
    const prev = [...service.redis.history.values()].find(({ id }) => id === event.id)?.prev;
    expect(prev).toBe(last.get(event.stream) ?? prev);
    applied.get(event.stream)?.add(event.id);
    last.set(event.stream, event.id);
  }
}

/** At most one attempt waits for its `welcome`. */
function expectOneAttempt({ events }: ClientWorld): void {
  const waiting = new Set<number>();
  for (const event of events) {
    if (event.type === 'opened') waiting.add(event.connection);
    if (event.type === 'welcome' || event.type === 'closed') waiting.delete(event.connection);
    expect(waiting.size).toBeLessThanOrEqual(1);
  }
}

/** Whatever was acknowledged is in the log once, in order, unless its loss was reported; what wasn't, at most once. */
function expectPublishes(world: ClientWorld): void {
  const restarted = world.events.some(({ type }) => type === 'restarted');
  for (const name of STREAMS) {
    const inLog = world.service.redis.entries(name).map(({ data }) => data);
    const own = inLog.filter((data) => typeof data === 'string');
    expect(new Set(own).size).toBe(own.length);
    const known = own.filter((data) => world.acknowledged.has(data));
    expect(known).toEqual(world.order.filter((data) => known.includes(data)));
    if (restarted) continue;
    const reported = world.lost.filter(({ stream }) => stream === name).flatMap(({ ranges }) => ranges);
    for (const [data, seq] of world.acknowledged) {
      if (!data.startsWith(`${name} `)) continue;
      const isReported = reported.some(([from, to]) => from <= seq && seq <= to);
      expect({ data, inLog: own.includes(data) }).toEqual({ data, inLog: !isReported });
    }
  }
}

it('whatever networks, pods and Redis do, as long as they come back', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (chosen) => {
      const world = new ClientWorld();
      await world.take({ do: 'exchange' });
      await world.take({ do: 'exchange' });
      for (const next of chosen) await world.take(next);
      await world.calmDown();
      expect(world.client.state).toMatchObject({ kind: 'connected' });
      expectOrder(world);
      expectOneAttempt(world);
      expectPublishes(world);
      for (const name of world.subscribed) expect(world.position(name)).toEqual(world.service.redis.top(name));
      expect(world.acknowledged.size + world.rejected.size).toBe(world.order.length);
      for (const code of world.rejected.values()) expect(code).toBe('outcome-unknown');
    }),
    // BATON_TEST_RUNS=20000 for a long search.
    { numRuns: Number(process.env['BATON_TEST_RUNS'] ?? 300) },
  );
}, 600_000);
