import { MAX_HOPS } from '../protocol/bounds.js';
import { after, begin, dropAll, onDue, open, retry, stop, unchanged } from './attempts.js';
import { closed } from './closed-connection.js';
import { IDLE, type Change, type Opened, type Ownership, type OwnershipEvent } from './ownership.js';

/** After a newer connection's `welcome` the older one may finish for this long. */
export const OVERLAP_MS = 5_000;
/** The backoff starts from 0 again this long after a `welcome`, not at it: a pod may die after each. */
export const STEADY_MS = 30_000;
export const BYE_MS = 2_000;

type EventOf<Type extends OwnershipEvent['type']> = Extract<OwnershipEvent, { readonly type: Type }>;

/** Pure and total: what each event does to the ownership of the session, and what is to be done about it. */
export function transition(state: Ownership, event: OwnershipEvent, nowMs: number): Change {
  if (state.life.kind === 'stopped') return unchanged(state);
  if (state.life.kind === 'leaving') return whileLeaving(state, event);
  switch (event.type) {
    case 'start':
      return state.next.kind === 'idle' && state.current === null ? start(state, event) : unchanged(state);
    case 'due':
      return onDue(state, nowMs);
    case 'token':
      return state.next.kind === 'token' ? open(state, state.next.hops, event.token) : unchanged(state);
    case 'no-token':
      return state.next.kind === 'token' ? retry({ ...state, next: IDLE }, nowMs) : unchanged(state);
    case 'welcome':
      return welcomed(state, event);
    case 'migrate':
      return migrate(state, event, nowMs);
    case 'busy':
      return unchanged(busy(state, event));
    case 'closed':
      return closed(state, event, nowMs);
    case 'attempt-expired':
      return giveUp(state, nowMs);
    case 'overlap-expired':
      return endOverlap(state);
    case 'steady':
      return unchanged(state.current?.connection === event.connection ? { ...state, failures: 0 } : state);
    case 'close':
      return leave(state);
    case 'bye-expired':
      return unchanged(state);
    default:
      return event satisfies never;
  }
}

function start(state: Ownership, { kept }: EventOf<'start'>): Change {
  if (!kept) return begin(state, 0);
  return begin({ ...state, session: kept.session, lastAttempt: kept.attempt, restored: true }, 0);
}

function welcomed(state: Ownership, event: EventOf<'welcome'>): Change {
  if (state.next.kind !== 'waiting' || state.next.opened.connection !== event.connection) return unchanged(state);
  const current = state.next.opened;
  const older = state.current !== null && state.previous !== null ? state.previous : null;
  const previous = state.current ?? state.previous;
  return [
    { ...state, session: event.session, current, previous, next: IDLE, plan: null, rejected: false, restored: false },
    [
      ...(older ? [{ type: 'drop', connection: older.connection } as const] : []),
      { type: 'timer', timer: 'steady', afterMs: STEADY_MS },
      ...(previous ? [{ type: 'timer', timer: 'overlap-expired', afterMs: OVERLAP_MS } as const] : []),
      { type: 'welcomed', opened: current, from: state.current?.connection ?? null },
    ],
  ];
}

function migrate(state: Ownership, event: EventOf<'migrate'>, nowMs: number): Change {
  const { endpoints, connection } = event;
  const deadlineAtMs = nowMs + event.deadlineMs;
  if (state.next.kind === 'waiting' && state.next.opened.connection === connection)
    return redirected(state, { endpoints, deadlineAtMs: state.plan?.deadlineAtMs ?? deadlineAtMs }, nowMs);
  if (state.current?.connection !== connection || state.next.kind === 'waiting') return unchanged(state);
  const planned = { ...state, plan: { endpoints, deadlineAtMs } };
  if (state.next.kind !== 'idle') return unchanged(planned);
  return [
    { ...planned, next: { kind: 'scheduled', why: 'migrate' } },
    [{ type: 'schedule', atLeastMs: 0, spreadMs: event.withinMs }],
  ];
}

/** The pod doesn't take the client. A pod must take it, or say `busy`, at the last hop: one that doesn't is a failed attempt. */
function redirected(state: Ownership, plan: NonNullable<Ownership['plan']>, nowMs: number): Change {
  if (state.next.kind !== 'waiting') return unchanged(state);
  const { opened, hops, token } = state.next;
  const drop = [{ type: 'drop', connection: opened.connection }] as const;
  if (hops >= MAX_HOPS) return after(drop, retry({ ...state, next: IDLE }, nowMs));
  return after(drop, open({ ...state, plan, next: IDLE }, hops + 1, token));
}

function busy(state: Ownership, event: EventOf<'busy'>): Ownership {
  const mark = (opened: Opened): Opened =>
    opened.connection === event.connection ? { ...opened, busyMs: event.retryAfterMs } : opened;
  const next = state.next.kind === 'waiting' ? { ...state.next, opened: mark(state.next.opened) } : state.next;
  return { ...state, next, current: state.current && mark(state.current) };
}

function giveUp(state: Ownership, nowMs: number): Change {
  if (state.next.kind !== 'waiting') return unchanged(state);
  const drop = [{ type: 'drop', connection: state.next.opened.connection }] as const;
  return after(drop, retry({ ...state, next: IDLE }, nowMs));
}

function endOverlap(state: Ownership): Change {
  if (state.previous === null) return unchanged(state);
  return [{ ...state, previous: null }, [{ type: 'drop', connection: state.previous.connection }]];
}

/** Says `bye` on the current connection and waits for its close; without one there is nobody to tell. */
function leave(state: Ownership): Change {
  if (state.current === null) return stop(state, { closeCode: null, reason: 'closed by the application' });
  const { connection } = state.current;
  return [
    { ...state, life: { kind: 'leaving' }, previous: null, next: IDLE, plan: null },
    [
      ...dropAll(state, [connection]),
      { type: 'timer', timer: 'bye-expired', afterMs: BYE_MS },
      { type: 'bye', connection },
    ],
  ];
}

function whileLeaving(state: Ownership, event: OwnershipEvent): Change {
  const why = { closeCode: null, reason: 'closed by the application' };
  if (event.type === 'bye-expired') return stop(state, why);
  const over = event.type === 'closed' && event.connection === state.current?.connection;
  return over ? stop({ ...state, current: null }, why) : unchanged(state);
}
