import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StreamName } from '../../src/client/index.js';
import { ClientWorld, STREAMS, type Step } from '../support/client-world.js';

const link = fc.constantFrom(0, 0, 0, 1, 1, 2);
const stream = fc.constantFrom(0, 0, 0, 1);
const kinds: readonly (readonly [number, fc.Arbitrary<Step>])[] = [
  [10, fc.record({ do: fc.constantFrom('up', 'up', 'down', 'down', 'down', 'sync', 'sync'), link })],
  [5, fc.record({ do: fc.constantFrom('publish', 'publish', 'backend-publish'), stream })],
  [2, fc.record({ do: fc.constantFrom('migrate', 'exchange', 'exchange') })],
  [2, fc.record({ do: fc.constant('time'), ms: fc.constantFrom(50, 100, 600, 6_000, 11_000) })],
  [1, fc.record({ do: fc.constantFrom('leave', 'cut'), link })],
];
/** What the service does besides, now and then. */
const troubles: typeof kinds = [
  [3, fc.record({ do: fc.constantFrom('save', 'failover') })],
  [2, fc.record({ do: fc.constantFrom('outage', 'exchange') })],
  [1, fc.record({ do: fc.constant('admission'), admission: fc.constantFrom('take', 'take', 'elsewhere', 'busy') })],
];
const lives: Readonly<Record<'reload' | 'crash' | 'killed', fc.Arbitrary<Step>>> = {
  reload: fc.constant({ do: 'reload' }),
  crash: fc.constant({ do: 'crash' }),
  killed: fc.record({ do: fc.constant('killed'), writesAgo: fc.constantFrom(0, 1, 2, 3, 5, 8, 13, 1_000) }),
};
const steps = (how: keyof typeof lives, more: typeof kinds = []) =>
  fc.array(
    fc.oneof(...[...kinds, ...more].map(([weight, arbitrary]) => ({ weight, arbitrary })), {
      weight: 2,
      arbitrary: lives[how],
    }),
    { maxLength: 80, size: 'max' },
  );

async function play(chosen: readonly Step[]): Promise<ClientWorld> {
  const world = new ClientWorld(true);
  await world.take({ do: 'exchange' });
  await world.take({ do: 'exchange' });
  for (const next of chosen) await world.take(next);
  await world.calmDown();
  expect(world.client.state).toMatchObject({ kind: 'connected' });
  return world;
}

/** What clients of this world published, as the log has it. */
const published = ({ service }: ClientWorld, name: StreamName): readonly unknown[] =>
  service.redis
    .entries(name)
    .map(({ data }) => data)
    .filter((data) => typeof data === 'string');

/** What the pages were given, one after the other. */
const given = ({ events }: ClientWorld, name: StreamName): readonly number[] =>
  events.flatMap((event) => (event.type === 'message' && event.stream === name ? [event.offset] : []));

// BATON_TEST_RUNS=20000 for a long search.
const numRuns = Number(process.env['BATON_TEST_RUNS'] ?? 100);

it('pages that are reloaded publish once, in order, all since their session took them, and miss and repeat no message', async () => {
  await fc.assert(
    fc.asyncProperty(steps('reload'), async (chosen) => {
      const world = await play(chosen);
      for (const name of STREAMS) {
        const kept = world.pages.filter(({ welcomed }) => welcomed).flatMap(({ order }) => order);
        expect(published(world, name)).toEqual(kept.filter((data) => data.startsWith(`${name} `)));
        expect(world.notKept).toBe(world.order.length - kept.length);
        const offsets = given(world, name);
        expect(offsets).toEqual(offsets.map((_, index) => (offsets[0] ?? 0) + index));
        expect(world.position(name)).toEqual(world.service.redis.top(name));
      }
      expect(world.lost).toEqual([]);
      expect(world.events.filter(({ type }) => type === 'restarted' || type === 'reset')).toEqual([]);
    }),
    { numRuns },
  );
}, 600_000);

it('pages that crash publish nothing twice, and nothing of one under the number of another', async () => {
  await fc.assert(
    fc.asyncProperty(steps('crash'), async (chosen) => {
      const world = await play(chosen);
      for (const name of STREAMS) {
        const own = published(world, name);
        expect(own).toEqual(world.order.filter((data) => own.includes(data)));
        for (const [data] of world.acknowledged) if (data.startsWith(`${name} `)) expect(own).toContain(data);
        expect(world.position(name)).toEqual(world.service.redis.top(name));
      }
      expect(world.lost).toEqual([]);
    }),
    { numRuns },
  );
}, 600_000);

it('pages of a browser that is killed have any earlier record, and still nothing acknowledged vanishes', async () => {
  await fc.assert(
    fc.asyncProperty(steps('killed'), async (chosen) => {
      const world = await play(chosen);
      for (const name of STREAMS) {
        const own = published(world, name);
        for (const [data] of world.acknowledged) if (data.startsWith(`${name} `)) expect(own).toContain(data);
        expect(new Set(own).size).toBe(own.length);
        // An old record may lead to another session, which knows no order with the one before.
        for (const { order: ofPage } of world.pages) {
          const inLog = own.filter((data) => ofPage.includes(String(data)));
          expect(inLog).toEqual(ofPage.filter((data) => own.includes(data)));
        }
        expect(world.position(name)).toEqual(world.service.redis.top(name));
      }
      expect(world.lost).toEqual([]);
    }),
    { numRuns },
  );
}, 600_000);

it('what Redis loses of pages that are reloaded is told to one of them, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(steps('reload', troubles), async (chosen) => {
      const world = await play(chosen);
      expect(world.events.filter(({ type }) => type === 'restarted')).toEqual([]);
      for (const name of STREAMS) {
        const own = published(world, name);
        expect(new Set(own).size).toBe(own.length);
        const reported = world.lost.filter(({ stream: of }) => of === name).flatMap(({ ranges }) => ranges);
        for (const event of world.events)
          if (event.type === 'publish' && event.stream === name && event.data === null)
            expect(reported.filter(([from, to]) => from <= event.seq && event.seq <= to)).toEqual([]);
        for (const [data, seq] of world.acknowledged) {
          if (!data.startsWith(`${name} `)) continue;
          const isReported = reported.some(([from, to]) => from <= seq && seq <= to);
          expect({ data, inLog: own.includes(data) }).toEqual({ data, inLog: !isReported });
        }
        expect(world.position(name)).toEqual(world.service.redis.top(name));
      }
    }),
    { numRuns },
  );
}, 600_000);
