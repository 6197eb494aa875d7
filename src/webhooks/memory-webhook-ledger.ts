import type { Clock } from '../lib/clock.js';
import { randomId } from '../lib/random-id.js';
import type { PodId, SessionId, TenantId, UserId } from '../protocol/ids.js';
import { stateAfter } from './announce-rule.js';
import { eventLetters, type EventType } from './webhook-event.js';
import type {
  Due,
  DueEvent,
  DueLook,
  Enqueued,
  LedgerLimits,
  LookOutcome,
  Report,
  Settlement,
  WebhookLedger,
} from './webhook-ledger.js';

interface Noted extends DueLook {
  readonly user: UserId;
  readonly toldAtMs: number;
  readonly lookAtMs: number;
}
interface Queued extends DueEvent {
  readonly dueAtMs: number;
  readonly enqueuedAtMs: number;
}
interface Book {
  readonly sessions: Map<SessionId, Noted>;
  /** Without the pods whose sessions were given to be looked at. */
  readonly held: Map<PodId, Set<SessionId>>;
  /** In the order in which they were enqueued. */
  readonly events: Map<string, Queued>;
}

/** Events of one session that were enqueued in one millisecond are put into the next ones. */
const AHEAD_MS = 5;

const isDue = (atMs: number, nowMs: number, longestMs: number): boolean =>
  atMs <= nowMs + AHEAD_MS || atMs > nowMs + longestMs;

/** The ledger of one process, for development and tests: the rules of webhook-announce.lua and its like. */
export class MemoryWebhookLedger implements WebhookLedger {
  private readonly books = new Map<TenantId, Book>();

  constructor(
    private readonly clock: Clock,
    private readonly limits: LedgerLimits,
    private readonly newId: () => string = randomId,
  ) {}

  report(tenant: TenantId, wanted: ReadonlySet<EventType>, reports: readonly Report[]): Promise<Enqueued> {
    const page = new Page(this.bookOf(tenant), this.clock.now(), this.limits, wanted);
    for (const report of reports) page.report(report, report.kind === 'held' ? `msg_${this.newId()}` : '');
    return Promise.resolve(page.result);
  }

  conclude(tenant: TenantId, wanted: ReadonlySet<EventType>, outcomes: readonly LookOutcome[]): Promise<Enqueued> {
    const page = new Page(this.bookOf(tenant), this.clock.now(), this.limits, wanted);
    for (const outcome of outcomes) page.conclude(outcome, `msg_${this.newId()}`);
    return Promise.resolve(page.result);
  }

  take(tenant: TenantId, most: { readonly looks: number; readonly events: number }): Promise<Due> {
    const { sessions, held, events } = this.bookOf(tenant);
    const nowMs = this.clock.now();
    const looks = [...sessions.values()]
      .filter(({ lookAtMs }) => isDue(lookAtMs, nowMs, this.limits.longestLookMs))
      .sort((one, other) => one.lookAtMs - other.lookAtMs)
      .slice(0, most.looks);
    for (const look of looks) sessions.set(look.session, { ...look, lookAtMs: nowMs + this.limits.lookLeaseMs });
    const due = [...events.values()]
      .filter(({ dueAtMs }) => isDue(dueAtMs, nowMs, this.limits.longestEventMs))
      .sort((one, other) => one.dueAtMs - other.dueAtMs)
      .slice(0, most.events)
      .map((event) => ({ ...event, tries: event.tries + 1, dueAtMs: nowMs + this.limits.eventLeaseMs }));
    for (const event of due) events.set(event.id, event);
    const [oldest] = events.values();
    const pods = [...held].filter(([, of]) => of.size > 0).map(([pod]) => pod);
    const oldestAtMs = oldest?.enqueuedAtMs ?? null;
    return Promise.resolve({ nowMs, looks, events: due, pods, queued: events.size, oldestAtMs });
  }

  orphan(tenant: TenantId, pod: PodId): Promise<void> {
    const { sessions, held } = this.bookOf(tenant);
    const nowMs = this.clock.now();
    for (const session of held.get(pod) ?? []) {
      const noted = sessions.get(session);
      if (noted) sessions.set(session, { ...noted, lookAtMs: Math.min(noted.lookAtMs, nowMs) });
    }
    held.delete(pod);
    return Promise.resolve();
  }

  settle(tenant: TenantId, settlements: readonly Settlement[]): Promise<void> {
    const { events } = this.bookOf(tenant);
    for (const { id, againAfterMs } of settlements) {
      const event = events.get(id);
      if (againAfterMs === null) events.delete(id);
      else if (event) events.set(id, { ...event, dueAtMs: this.clock.now() + Math.round(againAfterMs) });
    }
    return Promise.resolve();
  }

  private bookOf(tenant: TenantId): Book {
    const found = this.books.get(tenant);
    if (found) return found;
    const book: Book = { sessions: new Map(), held: new Map(), events: new Map() };
    this.books.set(tenant, book);
    return book;
  }
}

/** One script's worth of changes. */
class Page {
  private enqueued = 0;
  private dropped = 0;

  constructor(
    private readonly book: Book,
    private readonly nowMs: number,
    private readonly limits: LedgerLimits,
    private readonly wanted: ReadonlySet<EventType>,
  ) {}

  get result(): Enqueued {
    return { enqueued: this.enqueued, dropped: this.dropped };
  }

  report(report: Report, id: string): void {
    const { session } = report;
    const noted = this.book.sessions.get(session);
    if (noted?.state === 'over') {
      if (report.kind === 'held') this.write({ ...noted, lookAtMs: this.sooner(noted, 0) });
    } else if (report.kind === 'held') this.hold(report, noted ?? null, id);
    else if (noted && report.kind === 'left')
      this.write({ ...noted, leftAtMs: this.nowMs, lookAtMs: this.sooner(noted, this.limits.graceMs) });
    else if (noted) this.write({ ...noted, ended: true, lookAtMs: this.sooner(noted, 0) });
  }

  conclude({ look, verdict }: LookOutcome, id: string): void {
    const noted = this.book.sessions.get(look.session);
    if (noted?.version !== look.version) return;
    const told = verdict.events.reduce((before, type) => this.enqueue(before, type, id), noted);
    this.letGo(noted);
    if (verdict.next === null) {
      this.book.sessions.delete(look.session);
      return;
    }
    const { pod, leftAtMs, afterMs } = verdict.next;
    const lookAtMs = this.nowMs + Math.round(afterMs);
    this.write({ ...told, pod, leftAtMs: Math.round(leftAtMs), lookAtMs, ended: pod === null && told.ended });
  }

  private hold({ session, user, pod }: Extract<Report, { kind: 'held' }>, noted: Noted | null, id: string): void {
    const fresh = {
      session,
      version: 0,
      state: 'disconnected',
      ended: false,
      toldAtMs: 0,
      lookAtMs: Infinity,
    } as const;
    const before: Noted = { ...(noted ?? fresh), pod: noted?.pod ?? null, user, leftAtMs: 0 };
    this.letGo(before);
    const isNew = before.state !== 'connected';
    const lookInMs = isNew || before.pod !== pod ? this.limits.graceMs : this.limits.patrolMs;
    const told = isNew ? this.enqueue(before, 'session.connected', id) : before;
    this.write({ ...told, pod, lookAtMs: this.sooner(before, lookInMs) });
  }

  private enqueue(noted: Noted, type: EventType, id: string): Noted {
    const atMs = Math.max(this.nowMs, noted.toldAtMs + 1);
    if (this.wanted.has(type)) {
      const { events } = this.book;
      for (const oldest of events.keys()) {
        if (events.size < this.limits.mostEvents) break;
        events.delete(oldest);
        this.dropped += 1;
      }
      const event = { id: `${id}${eventLetters[type]}`, type, atMs, session: noted.session, user: noted.user };
      events.set(event.id, {
        ...event,
        tries: 0,
        dueAtMs: Math.min(atMs, this.nowMs + AHEAD_MS),
        enqueuedAtMs: this.nowMs,
      });
      this.enqueued += 1;
    }
    return { ...noted, toldAtMs: atMs, state: stateAfter(type) };
  }

  private write(noted: Noted): void {
    this.book.sessions.set(noted.session, { ...noted, version: noted.version + 1 });
    if (noted.pod === null) return;
    const held = this.book.held.get(noted.pod) ?? new Set();
    this.book.held.set(noted.pod, held.add(noted.session));
  }

  private letGo({ pod, session }: Noted): void {
    if (pod !== null) this.book.held.get(pod)?.delete(session);
  }

  private sooner({ lookAtMs }: Noted, afterMs: number): number {
    return Math.min(lookAtMs, this.nowMs + afterMs);
  }
}
