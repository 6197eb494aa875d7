import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asPodId, asSessionId, asTenantId, asUserId, type PodId } from '../../src/protocol/ids.js';
import { decideLook, type Sight } from '../../src/webhooks/announce-rule.js';
import { ledgerLimits } from '../../src/webhooks/ledger-limits.js';
import { MemoryWebhookLedger } from '../../src/webhooks/memory-webhook-ledger.js';
import { eventTypes, type EventType } from '../../src/webhooks/webhook-event.js';
import type { DueLook, Report } from '../../src/webhooks/webhook-ledger.js';
import { ManualClock } from '../support/manual-clock.js';
import { quick } from '../support/webhooks/webhook-pod.js';

const tenant = asTenantId('acme');
const session = asSessionId('s');
const user = asUserId('ann');
const pods = ['a', 'b', 'c'].map(asPodId);
const wanted = new Set(eventTypes);
/** The patrol finds what nobody has reported, as a crash right after a claim: before all is quiet. */
const times = { graceMs: 1_000, patrolMs: 5_000, sessionTtlMs: 20_000 };
const { longestLookMs, longestEventMs } = ledgerLimits(
  { ...quick, graceMs: times.graceMs },
  { ttlMs: times.sessionTtlMs, sweepMs: times.patrolMs / 2 },
);
const limits = {
  ...{ ...times, mostEvents: 1_000, lookLeaseMs: 500, eventLeaseMs: 1_000, ttlMs: 1_000_000 },
  ...{ longestLookMs, longestEventMs },
};

interface Row {
  readonly pod: PodId;
  readonly detached: boolean;
  readonly expiresAtMs: number;
}

/** One session, the pods that have it in turn, what of it they have yet to report, and whoever looks. */
class World {
  readonly clock = new ManualClock();
  readonly told: { readonly type: EventType; readonly atMs: number }[] = [];
  private readonly ledger = new MemoryWebhookLedger(this.clock, limits);
  private readonly dead = new Set<PodId>();
  private readonly unreported = new Map<PodId, Report[]>();
  private written: Row | null = null;
  private looking: readonly DueLook[] = [];
  private sights: readonly Sight[] = [];

  /** A row expires by itself. */
  get row(): Row | null {
    if (this.written !== null && this.written.expiresAtMs <= this.clock.now()) this.written = null;
    return this.written;
  }

  get isHeld(): boolean {
    return this.row !== null && !this.row.detached && !this.dead.has(this.row.pod);
  }

  claim(pod: PodId, isFirst = false): void {
    if ((this.row === null && !isFirst) || this.dead.has(pod)) return;
    this.written = { pod, detached: false, expiresAtMs: this.clock.now() + 5 * times.sessionTtlMs };
    this.note(pod, { kind: 'held', session, user, pod });
  }
  detach(): void {
    const { row } = this;
    if (row === null || row.detached || this.dead.has(row.pod)) return;
    this.written = { ...row, detached: true, expiresAtMs: this.clock.now() + times.sessionTtlMs };
    this.note(row.pod, { kind: 'left', session });
  }
  end(pod: PodId): void {
    if (this.dead.has(pod)) return;
    this.written = null;
    this.note(pod, { kind: 'ended', session });
  }
  /** What it hasn't reported yet, nobody ever will. */
  crash(pod: PodId): void {
    this.dead.add(pod);
    this.unreported.delete(pod);
  }
  /** All of it that is new, and again what was said just now: the answer was lost. */
  async report(pod: PodId): Promise<void> {
    const reports = this.unreported.get(pod) ?? [];
    this.unreported.delete(pod);
    if (reports.length === 0) return;
    await this.ledger.report(tenant, wanted, reports);
    await this.ledger.report(tenant, wanted, reports);
  }
  /** The row is read; what comes of it is said later, if at all. */
  async beginLook(): Promise<void> {
    const due = await this.ledger.take(tenant, { looks: 10, events: 0 });
    for (const pod of due.pods) if (this.dead.has(pod)) await this.ledger.orphan(tenant, pod);
    this.looking = due.looks;
    this.sights = due.looks.map(({ pod }) => this.sight(pod));
  }
  async endLook(): Promise<void> {
    const outcomes = this.looking.map((look, at) => {
      const sight = this.sights[at] ?? { kind: 'gone', podLives: false };
      return { look, verdict: decideLook(look, sight, this.clock.now(), times) };
    });
    for (const { verdict } of outcomes) expect(verdict.next?.afterMs ?? 0).toBeLessThan(longestLookMs);
    this.looking = [];
    await this.ledger.conclude(tenant, wanted, outcomes);
    await this.ledger.conclude(tenant, wanted, outcomes);
  }
  /** In the order in which receivers can put them. */
  async listen(): Promise<void> {
    const { events } = await this.ledger.take(tenant, { looks: 0, events: 100 });
    await this.ledger.settle(
      tenant,
      events.map(({ id }) => ({ id, againAfterMs: null })),
    );
    this.told.push(...events);
    this.told.sort((one, other) => one.atMs - other.atMs);
  }
  /** Everybody who lives says what is to be said, and time passes until nothing changes any more. */
  async quiet(): Promise<void> {
    for (let step = 0; step < 30; step += 1) {
      for (const pod of pods) await this.report(pod);
      await this.beginLook();
      await this.endLook();
      this.clock.advance(times.graceMs / 4);
      await this.listen();
    }
  }

  private sight(before: PodId | null): Sight {
    const { row } = this;
    if (row === null) return { kind: 'gone', podLives: before !== null && !this.dead.has(before) };
    if (row.detached) return { kind: 'free', forMs: 0 };
    return this.dead.has(row.pod) ? { kind: 'free', forMs: times.graceMs / 2 } : { kind: 'held', pod: row.pod };
  }
  private note(pod: PodId, report: Report): void {
    this.unreported.set(pod, [...(this.unreported.get(pod) ?? []), report]);
  }
}

const aPod = fc.constantFrom(...pods);
type Step = (world: World) => unknown;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: aPod.map(
      (pod): Step =>
        (world) =>
          world.claim(pod),
    ),
  },
  { weight: 3, arbitrary: fc.constant<Step>((world) => world.detach()) },
  {
    weight: 1,
    arbitrary: aPod.map(
      (pod): Step =>
        (world) =>
          world.end(pod),
    ),
  },
  {
    weight: 1,
    arbitrary: aPod.map(
      (pod): Step =>
        (world) =>
          world.crash(pod),
    ),
  },
  {
    weight: 6,
    arbitrary: aPod.map(
      (pod): Step =>
        (world) =>
          world.report(pod),
    ),
  },
  { weight: 4, arbitrary: fc.constant<Step>((world) => world.beginLook()) },
  { weight: 4, arbitrary: fc.constant<Step>((world) => world.endLook()) },
  { weight: 2, arbitrary: fc.constant<Step>((world) => world.listen()) },
  {
    weight: 4,
    arbitrary: fc.integer({ min: 1, max: 3_000 }).map(
      (ms): Step =>
        (world) =>
          world.clock.advance(ms),
    ),
  },
);

const may: Readonly<Record<EventType | 'nothing', readonly EventType[]>> = {
  nothing: ['session.connected'],
  'session.connected': ['session.disconnected'],
  'session.disconnected': ['session.connected', 'session.expired', 'session.ended'],
  'session.expired': [],
  'session.ended': [],
};

it('whatever pods do, report late, twice or never, and whoever looks when: connected and disconnected take turns, the end comes last, and what was told last is so', async () => {
  let ends = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = new World();
      world.claim(pods[0] as PodId, true);
      for (const act of steps) await act(world);
      await world.quiet();
      const types = world.told.map(({ type }) => type);
      types.forEach((type, at) => expect(may[types[at - 1] ?? 'nothing']).toContain(type));
      const timesTold = world.told.map(({ atMs }) => atMs);
      expect(new Set(timesTold).size).toBe(timesTold.length);
      const last = types.at(-1);
      if (last === undefined) return;
      if (world.row === null) expect(['session.expired', 'session.ended']).toContain(last);
      else expect(last).toBe(world.isHeld ? 'session.connected' : 'session.disconnected');
      if (world.row === null) ends += 1;
    }),
    { numRuns: 400 },
  );
  expect(ends).toBeGreaterThan(20);
});

it('a report that comes late, of who had it before, hides no crash of who has it', async () => {
  const world = new World();
  const [before, after] = pods as [PodId, PodId];
  world.claim(before, true);
  world.claim(after);
  await world.report(after);
  world.clock.advance(times.graceMs);
  await world.beginLook();
  world.crash(after);
  await world.endLook();
  const crashedAtMs = world.clock.now();
  await world.quiet();
  expect(world.told.map(({ type }) => type)).toEqual(['session.connected', 'session.disconnected']);
  expect((world.told[1]?.atMs ?? Infinity) - crashedAtMs).toBeLessThan(3 * times.graceMs);
});

const tracked = { state: 'connected', ended: false, leftAtMs: 0 } as const;
const at = 1_000_000;

it.each<[string, Partial<DueLook>, Sight, readonly EventType[]]>([
  ['held', {}, { kind: 'held', pod: pods[0] as PodId }, []],
  [
    'held by a pod that could not report it',
    { state: 'disconnected' },
    { kind: 'held', pod: pods[0] as PodId },
    ['session.connected'],
  ],
  ['free since a moment', {}, { kind: 'free', forMs: 0 }, []],
  ['free for less than the grace', { leftAtMs: at - 999 }, { kind: 'free', forMs: 0 }, []],
  ['free for the grace', { leftAtMs: at - 1_000 }, { kind: 'free', forMs: 0 }, ['session.disconnected']],
  ['free since a pod has died, longer than the grace', {}, { kind: 'free', forMs: 1_000 }, ['session.disconnected']],
  ['free since a time that the clock has not reached', { leftAtMs: at + 5_000 }, { kind: 'free', forMs: 0 }, []],
  ['free, as was told', { state: 'disconnected' }, { kind: 'free', forMs: 0 }, []],
  ['gone, as was told', { state: 'disconnected' }, { kind: 'gone', podLives: true }, ['session.expired']],
  ['ended', { state: 'disconnected', ended: true }, { kind: 'gone', podLives: true }, ['session.ended']],
  ['gone from a pod that lives', {}, { kind: 'gone', podLives: true }, ['session.disconnected', 'session.ended']],
  [
    'gone after it was left, as its pod says that lives',
    { leftAtMs: at - 500 },
    { kind: 'gone', podLives: true },
    ['session.disconnected', 'session.expired'],
  ],
  ['gone after its pod', {}, { kind: 'gone', podLives: false }, ['session.disconnected', 'session.expired']],
])('a session that is %s', (_what, before, sight, events) => {
  const verdict = decideLook({ ...tracked, ...before }, sight, at, times);
  expect(verdict.events).toEqual(events);
  expect(verdict.next).not.toBeNull();
});

it('a session that is over is forgotten after five minutes, and goes on only if its row says so', () => {
  const over = { state: 'over', ended: true, leftAtMs: at } as const;
  const gone = { kind: 'gone', podLives: true } as const;
  expect(decideLook({ ...tracked, state: 'disconnected' }, gone, at, times).next).toMatchObject({ afterMs: 300_000 });
  for (const sight of [gone, { kind: 'free', forMs: 0 } as const]) {
    const waiting = decideLook(over, sight, at + 300, times);
    expect(waiting).toEqual({ events: [], next: { afterMs: 299_700, leftAtMs: at, pod: null } });
    expect(decideLook(over, sight, at + 300_000, times)).toEqual({ events: [], next: null });
  }
  const back = decideLook(over, { kind: 'held', pod: pods[0] as PodId }, at + 300, times);
  expect(back).toMatchObject({ events: ['session.connected'], next: { leftAtMs: 0, pod: pods[0] } });
});

it('a pod that may only have missed a beat is waited for, longer than the grace if need be', () => {
  const waiting = decideLook(tracked, { kind: 'free', forMs: -500 }, at, times);
  expect(waiting).toEqual({ events: [], next: { afterMs: 1_500, leftAtMs: at + 500, pod: null } });
  const then = decideLook({ ...tracked, leftAtMs: at + 500 }, { kind: 'free', forMs: -500 }, at + 1_500, times);
  expect(then.events).toEqual(['session.disconnected']);
});

it('a session that nobody comes back to is looked at when its row should be gone', () => {
  const told = decideLook({ ...tracked, leftAtMs: at - 1_200 }, { kind: 'free', forMs: 0 }, at, times);
  expect(told.next?.afterMs).toBe(times.sessionTtlMs - 1_200);
});
