import { expect, it } from '@jest/globals';
import { randomId } from '../../../src/lib/random-id.js';
import { asPodId, asSessionId, asTenantId, type SessionId, type TenantId } from '../../../src/protocol/ids.js';
import type { Verdict } from '../../../src/webhooks/announce-rule.js';
import { eventTypes, type EventType } from '../../../src/webhooks/webhook-event.js';
import type { Due, DueLook, LedgerLimits, Report, WebhookLedger } from '../../../src/webhooks/webhook-ledger.js';
import { eventually } from '../eventually.js';
import { ann } from '../sessions/claims.js';

const HOUR = 3_600_000;
export const lasting: LedgerLimits = {
  ...{ graceMs: 0, patrolMs: HOUR, mostEvents: 100 },
  ...{ lookLeaseMs: HOUR, eventLeaseMs: HOUR, ttlMs: HOUR, longestLookMs: 2 * HOUR, longestEventMs: 2 * HOUR },
};
export const all = new Set(eventTypes);
export const [a, b] = [asPodId('a'), asPodId('a-b')];
export const everything = { looks: 100, events: 100 };

/** Ids that are the same in two ledgers that are told the same. */
export const counter = () => {
  let count = 0;
  return () => `n${String((count += 1)).padStart(4, '0')}`;
};
export type OpenLedger = (limits?: LedgerLimits) => WebhookLedger;

export const newTenant = (): TenantId => asTenantId(`t${randomId()}`);
const newSession = (): SessionId => asSessionId(randomId());
export const held = (session: SessionId, pod = a): Report => ({ kind: 'held', session, user: ann, pod });
const typesOf = ({ events }: Due) => events.map(({ type }) => type);
const gone: Verdict = { events: ['session.disconnected', 'session.ended'], next: null };

/** What every ledger of webhooks promises. */
export function describeWebhookLedger(open: OpenLedger): void {
  it('enqueues what was not told yet, once, and gives it out once', async () => {
    const ledger = open();
    const [tenant, session] = [newTenant(), newSession()];
    expect(await ledger.report(tenant, all, [held(session), held(session)])).toEqual({ enqueued: 1, dropped: 0 });
    expect(await ledger.report(tenant, all, [held(session, b)])).toEqual({ enqueued: 0, dropped: 0 });
    const due = await ledger.take(tenant, everything);
    expect(due.events).toMatchObject([{ type: 'session.connected', session, user: ann, tries: 1 }]);
    expect(due).toMatchObject({ pods: [b], queued: 1 });
    expect(Math.abs(Date.now() - (due.oldestAtMs ?? 0))).toBeLessThan(5_000);
    expect(await ledger.take(tenant, everything)).toMatchObject({ events: [], looks: [], queued: 1 });
  });

  it('gives out again, under the same id, what nobody has settled, and no more what somebody has', async () => {
    const ledger = open({ ...lasting, eventLeaseMs: 30 });
    const [tenant, session] = [newTenant(), newSession()];
    await ledger.report(tenant, all, [held(session)]);
    const [first] = (await ledger.take(tenant, everything)).events;
    const again = await eventually('the lease to end', async () => (await ledger.take(tenant, everything)).events[0]);
    expect(again).toMatchObject({ id: first?.id, atMs: first?.atMs, tries: 2 });
    await ledger.settle(tenant, [{ id: again.id, againAfterMs: null }]);
    expect(await ledger.take(tenant, everything)).toMatchObject({ queued: 0, oldestAtMs: null });
    // From somebody whose lease has ended long ago.
    await ledger.settle(tenant, [{ id: again.id, againAfterMs: 0 }]);
    expect((await ledger.take(tenant, everything)).events).toEqual([]);
  });

  it('keeps what is to be sent again until then', async () => {
    const ledger = open();
    const [tenant, session] = [newTenant(), newSession()];
    await ledger.report(tenant, all, [held(session)]);
    const [event] = (await ledger.take(tenant, everything)).events;
    await ledger.settle(tenant, [{ id: event?.id ?? '', againAfterMs: HOUR / 2 }]);
    expect((await ledger.take(tenant, everything)).events).toEqual([]);
    await ledger.settle(tenant, [{ id: event?.id ?? '', againAfterMs: 0 }]);
    expect((await ledger.take(tenant, everything)).events).toMatchObject([{ id: event?.id, tries: 2 }]);
  });

  it('gives out what would wait for longer than anything may: the clock was set back', async () => {
    const ledger = open({ ...lasting, ttlMs: 9 * HOUR });
    const [tenant, session, other] = [newTenant(), newSession(), newSession()];
    await ledger.report(tenant, all, [held(session), held(other)]);
    const { events } = await ledger.take(tenant, everything);
    await ledger.settle(tenant, [{ id: events[0]?.id ?? '', againAfterMs: 1.9 * HOUR }]);
    expect(await ledger.take(tenant, everything)).toMatchObject({ looks: [], events: [] });
    await ledger.settle(tenant, [{ id: events[0]?.id ?? '', againAfterMs: 3 * HOUR }]);
    expect((await ledger.take(tenant, { looks: 0, events: 0 })).events).toEqual([]);
    expect((await ledger.take(tenant, everything)).events).toMatchObject([{ id: events[0]?.id, tries: 2 }]);
    expect(await ledger.take(tenant, everything)).toMatchObject({ looks: [], events: [], queued: 2 });
  });

  it('looks at what would wait for longer than any look may', async () => {
    const ledger = open({ ...lasting, ttlMs: 9 * HOUR });
    const [tenant, session] = [newTenant(), newSession()];
    await ledger.report(tenant, all, [held(session)]);
    const [look] = (await ledger.take(tenant, everything)).looks as [DueLook];
    const next = { afterMs: 3 * HOUR, leftAtMs: 5, pod: null };
    await ledger.conclude(tenant, all, [{ look, verdict: { events: [], next } }]);
    expect((await ledger.take(tenant, everything)).looks).toMatchObject([{ session, leftAtMs: 5 }]);
    expect((await ledger.take(tenant, everything)).looks).toEqual([]);
  });

  it('believes a look only of what it has seen', async () => {
    const ledger = open();
    const [tenant, session] = [newTenant(), newSession()];
    await ledger.report(tenant, all, [held(session)]);
    const [look] = (await ledger.take(tenant, everything)).looks as [DueLook];
    expect(look).toMatchObject({ session, state: 'connected', ended: false, leftAtMs: 0, pod: a });
    await ledger.report(tenant, all, [held(session, b)]);
    expect(await ledger.conclude(tenant, all, [{ look, verdict: gone }])).toEqual({ enqueued: 0, dropped: 0 });
    await ledger.report(tenant, all, [{ kind: 'left', session }]);
    // A report never puts a look off; the one that was given out is due again when its lease is over.
    const [later] = (await ledger.take(tenant, everything)).looks as [DueLook];
    expect(later.leftAtMs).toBeGreaterThan(0);
    const outcome = { look: later, verdict: gone };
    expect(await ledger.conclude(tenant, all, [outcome, outcome])).toEqual({ enqueued: 2, dropped: 0 });
    const due = await ledger.take(tenant, everything);
    expect(typesOf(due)).toEqual(['session.disconnected', 'session.ended']);
    expect(due.pods).toEqual([]);
    const times = due.events.map(({ atMs }) => atMs);
    expect(new Set(times).size).toBe(2);
  });

  it('looks at the sessions of a pod that is gone', async () => {
    const ledger = open({ ...lasting, graceMs: HOUR });
    const tenant = newTenant();
    const sessions = [newSession(), newSession()];
    await ledger.report(tenant, all, [...sessions.map((session) => held(session)), held(newSession(), b)]);
    expect((await ledger.take(tenant, everything)).looks).toEqual([]);
    await ledger.orphan(tenant, a);
    const { looks, pods } = await ledger.take(tenant, everything);
    expect(looks.map(({ session }) => session).sort()).toEqual([...sessions].sort());
    expect(pods).toEqual([b]);
  });

  it('forgets no session that was ended, and none that was never told of', async () => {
    const ledger = open({ ...lasting, graceMs: HOUR });
    const [tenant, session] = [newTenant(), newSession()];
    await ledger.report(tenant, all, [
      { kind: 'left', session },
      { kind: 'ended', session },
    ]);
    expect(await ledger.take(tenant, everything)).toMatchObject({ looks: [], events: [], queued: 0 });
    await ledger.report(tenant, all, [held(session), { kind: 'ended', session }]);
    expect((await ledger.take(tenant, everything)).looks).toMatchObject([{ session, ended: true }]);
  });

  it('notes what a receiver does not want, and enqueues none of it', async () => {
    const ledger = open();
    const [tenant, session] = [newTenant(), newSession()];
    const wanted = new Set<EventType>(['session.ended']);
    expect(await ledger.report(tenant, wanted, [held(session)])).toEqual({ enqueued: 0, dropped: 0 });
    const [look] = (await ledger.take(tenant, everything)).looks as [DueLook];
    expect(look.state).toBe('connected');
    await ledger.conclude(tenant, wanted, [{ look, verdict: gone }]);
    expect(typesOf(await ledger.take(tenant, everything))).toEqual(['session.ended']);
  });

  it('tells nothing of a session that is over, whatever is reported late, and looks at its row', async () => {
    const ledger = open({ ...lasting, graceMs: HOUR });
    const [tenant, session] = [newTenant(), newSession()];
    await ledger.report(tenant, all, [held(session), { kind: 'ended', session }]);
    const [look] = (await ledger.take(tenant, everything)).looks as [DueLook];
    const next = { afterMs: HOUR, leftAtMs: 5, pod: null };
    await ledger.conclude(tenant, all, [{ look, verdict: { ...gone, next } }]);
    const late: Report[] = [
      { kind: 'left', session },
      { kind: 'ended', session },
    ];
    expect(await ledger.report(tenant, all, late)).toEqual({ enqueued: 0, dropped: 0 });
    expect((await ledger.take(tenant, everything)).looks).toEqual([]);
    expect(await ledger.report(tenant, all, [held(session)])).toEqual({ enqueued: 0, dropped: 0 });
    const [again] = (await ledger.take(tenant, everything)).looks as [DueLook];
    expect(again).toMatchObject({ session, state: 'over', leftAtMs: 5 });
    const back: Verdict = { events: ['session.connected'], next: { afterMs: HOUR, leftAtMs: 0, pod: a } };
    expect(await ledger.conclude(tenant, all, [{ look: again, verdict: back }])).toEqual({ enqueued: 1, dropped: 0 });
  });

  it('keeps as many events as it may, and drops the oldest', async () => {
    const ledger = open({ ...lasting, mostEvents: 3 });
    const tenant = newTenant();
    const sessions = Array.from({ length: 5 }, newSession);
    const results: number[] = [];
    for (const session of sessions) results.push((await ledger.report(tenant, all, [held(session)])).dropped);
    expect(results).toEqual([0, 0, 0, 1, 1]);
    const due = await ledger.take(tenant, everything);
    expect(due.queued).toBe(3);
    expect(due.events.map(({ session }) => session).sort()).toEqual(sessions.slice(2).sort());
  });

  it('has a book for each tenant', async () => {
    const ledger = open();
    const [one, other, session] = [newTenant(), newTenant(), newSession()];
    await ledger.report(one, all, [held(session)]);
    expect(await ledger.take(other, everything)).toMatchObject({ looks: [], events: [], pods: [], queued: 0 });
    expect(await ledger.report(other, all, [held(session)])).toMatchObject({ enqueued: 1 });
  });
}
