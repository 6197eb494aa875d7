import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { systemClock } from '../../src/lib/clock.js';
import { asSessionId, asTenantId, type TenantId } from '../../src/protocol/ids.js';
import { slotOf } from '../../src/redis/key-slot.js';
import { RedisKeys } from '../../src/redis/keys.js';
import type { Verdict } from '../../src/webhooks/announce-rule.js';
import { MemoryWebhookLedger } from '../../src/webhooks/memory-webhook-ledger.js';
import { RedisWebhookLedger } from '../../src/webhooks/redis-webhook-ledger.js';
import type { EventType } from '../../src/webhooks/webhook-event.js';
import type { Due, DueLook, Report, WebhookLedger } from '../../src/webhooks/webhook-ledger.js';
import { withTopologyConnection } from '../support/redis-topologies/with-topology-connection.js';
import { withRedisConnection } from '../support/sessions/with-redis-connection.js';
import {
  a,
  all,
  b,
  counter,
  describeWebhookLedger,
  everything,
  held,
  lasting,
  newTenant,
  type OpenLedger,
} from '../support/webhooks/ledger-suite.js';

const redis = withRedisConnection();
const inMemory: OpenLedger = (limits = lasting) => new MemoryWebhookLedger(systemClock, limits, counter());
const inRedis: OpenLedger = (limits = lasting) =>
  new RedisWebhookLedger(redis.connection.commands, new RedisKeys(redis.keyPrefix), limits, counter());

describe.each([
  ['memory', inMemory],
  ['Redis', inRedis],
])('a ledger of webhooks in %s', (_where, open) => {
  describeWebhookLedger(open);
});

describe('a ledger of webhooks in a cluster', () => {
  const cluster = withTopologyConnection('cluster');
  describeWebhookLedger(
    (limits = lasting) =>
      new RedisWebhookLedger(cluster.connection.commands, new RedisKeys(cluster.keyPrefix), limits, counter()),
  );
});

it('a queue that is longer than it may be now gets shorter step by step, and never longer', async () => {
  const tenant = newTenant();
  const { commands } = redis.connection;
  const holding = (mostEvents: number, name: string, count: number) => {
    const id = counter();
    const ledger = new RedisWebhookLedger(commands, new RedisKeys(redis.keyPrefix), { ...lasting, mostEvents }, () =>
      name.concat(id()),
    );
    const sessions = Array.from({ length: count }, (_, at) => asSessionId(`${name}${at}`));
    return ledger.report(
      tenant,
      all,
      sessions.map((session) => held(session)),
    );
  };
  expect(await holding(1_000, 'before', 300)).toEqual({ enqueued: 300, dropped: 0 });
  expect(await holding(10, 'one', 1)).toEqual({ enqueued: 1, dropped: 101 });
  expect(await holding(10, 'many', 150)).toEqual({ enqueued: 150, dropped: 250 });
  expect(await holding(10, 'more', 1)).toEqual({ enqueued: 1, dropped: 91 });
});

it('the keys of a tenant are in one slot of a cluster', () => {
  const slots = Object.values(new RedisKeys('b:').webhooks(asTenantId('acme'))).map(slotOf);
  expect(slots).toHaveLength(6);
  expect(new Set(slots).size).toBe(1);
});

type Act = (
  ledger: WebhookLedger,
  tenant: TenantId,
  seen: { looks: readonly DueLook[]; ids: readonly string[] },
) => Promise<unknown>;
const [s1, s2] = [asSessionId('s1'), asSessionId('s2')];
const aSession = fc.constantFrom(s1, s2);
const aPod = fc.constantFrom(a, b);
const aReport: fc.Arbitrary<Report> = fc.oneof(
  fc.tuple(aSession, aPod).map(([session, pod]) => held(session, pod)),
  fc.tuple(aSession, fc.constantFrom('left' as const, 'ended' as const)).map(([session, kind]) => ({ kind, session })),
);
const aVerdict: fc.Arbitrary<Verdict> = fc.record({
  events: fc.constantFrom<readonly EventType[]>(
    [],
    ['session.connected'],
    ['session.disconnected'],
    ['session.disconnected', 'session.ended'],
  ),
  next: fc.option(
    fc.record({ afterMs: fc.constant(0), leftAtMs: fc.constant(7), pod: fc.option(aPod, { nil: null }) }),
    { nil: null },
  ),
});
const anAct: fc.Arbitrary<Act> = fc.oneof(
  fc.array(aReport, { maxLength: 3 }).map(
    (reports): Act =>
      (ledger, tenant) =>
        ledger.report(tenant, all, reports),
  ),
  aVerdict.map(
    (verdict): Act =>
      (ledger, tenant, { looks }) =>
        ledger.conclude(
          tenant,
          all,
          looks.map((look) => ({ look, verdict })),
        ),
  ),
  aPod.map(
    (pod): Act =>
      (ledger, tenant) =>
        ledger.orphan(tenant, pod),
  ),
  fc.constantFrom(null, 0).map(
    (againAfterMs): Act =>
      (ledger, tenant, { ids }) =>
        ledger.settle(
          tenant,
          ids.slice(0, 2).map((id) => ({ id, againAfterMs })),
        ),
  ),
);

/** All that isn't time. */
function withoutTimes({ looks, events, pods, queued }: Due) {
  return {
    looks: looks
      .map(({ session, version, state, ended, leftAtMs, pod }) => [session, version, state, ended, leftAtMs > 0, pod])
      .sort(),
    events: events.map(({ id, type, tries, session, user }) => [id, type, tries, session, user]).sort(),
    pods: [...pods].sort(),
    queued,
  };
}

it('whatever is reported, looked at and settled in whatever order, both say the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anAct, { maxLength: 12 }), async (acts) => {
      const tenant = newTenant();
      const limits = { ...lasting, mostEvents: 4, lookLeaseMs: 0, eventLeaseMs: 0, patrolMs: 0 };
      const [memory, real] = [inMemory(limits), inRedis(limits)];
      const seen = [
        { looks: [] as readonly DueLook[], ids: [] as readonly string[] },
        { looks: [] as readonly DueLook[], ids: [] as readonly string[] },
      ] as const;
      for (const act of acts) {
        const [inOne, inOther] = [await act(memory, tenant, seen[0]), await act(real, tenant, seen[1])];
        expect(inOther).toEqual(inOne);
        const [one, other] = [await memory.take(tenant, everything), await real.take(tenant, everything)];
        expect(withoutTimes(other)).toEqual(withoutTimes(one));
        [one, other].forEach(({ looks, events }, at) => {
          const bySession = [...looks].sort((x, y) => (x.session < y.session ? -1 : 1));
          Object.assign(seen[at as 0 | 1], { looks: bySession, ids: events.map(({ id }) => id).sort() });
        });
      }
    }),
    { numRuns: 60 },
  );
});
