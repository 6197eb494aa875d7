import { closeAction, closeCode } from '../protocol/close-codes.js';
import { after, begin, dropAll, retry, retryAtOnce, stop, unchanged } from './attempts.js';
import { IDLE, type Change, type Opened, type Ownership, type OwnershipEvent, type Waiting } from './ownership.js';

type Closed = Extract<OwnershipEvent, { readonly type: 'closed' }>;

/** Codes that stop a client, but concern only the attempt when it was opened beside a working connection. */
const CONCERNS_ATTEMPT: readonly number[] = [
  closeCode.protocolError,
  closeCode.unsupportedData,
  closeCode.badData,
  closeCode.tooBig,
  closeCode.tenantQuota,
];

/** A connection closed. One that is neither the current one nor the one that waits changes nothing else. */
export function closed(state: Ownership, event: Closed, nowMs: number): Change {
  const { next, current, previous } = state;
  const isClosed = (opened: Opened | null): opened is Opened => opened?.connection === event.connection;
  const gone = [{ type: 'gone', connection: event.connection }] as const;
  if (next.kind === 'waiting' && isClosed(next.opened))
    return after(gone, whatFollows({ ...state, next: IDLE }, next.opened, next, event, nowMs));
  if (isClosed(current)) return after(gone, whatFollows({ ...state, current: null }, current, null, event, nowMs));
  return isClosed(previous) ? after(gone, unchanged({ ...state, previous: null })) : unchanged(state);
}

/** The state is already without what has closed: the current connection, or the attempt that waited. */
function whatFollows(
  state: Ownership,
  { attempt, busyMs }: Opened,
  waiting: Waiting | null,
  event: Closed,
  nowMs: number,
): Change {
  const action = closeAction(event.code);
  if (action === 'restart') return restart(state, nowMs);
  if (isFinal(state, attempt, waiting, event))
    return state.restored ? restart(state, nowMs) : stop(state, { closeCode: event.code, reason: event.reason });
  const rejected = action === 'credential' ? { ...state, rejected: true } : state;
  const atLeastMs = action === 'resume-after-busy' || action === 'stop' ? (busyMs ?? 0) : 0;
  const resume = () => (action === 'resume-at-once' ? retryAtOnce(state, nowMs) : retry(rejected, nowMs, atLeastMs));
  return waiting ? resume() : comeBack(rejected, resume, nowMs, atLeastMs);
}

/** Whether the client stops or, before it was welcomed in its earlier page's session, ends that one. */
function isFinal(state: Ownership, attempt: number, waiting: Waiting | null, { code, reason }: Closed): boolean {
  switch (closeAction(code)) {
    case 'moved':
      return isForeign(state, attempt, reason);
    case 'credential':
      return state.restored || waiting?.afterRejection === true;
    case 'stop':
      return !(waiting?.handOver && CONCERNS_ATTEMPT.includes(code));
    default:
      return false;
  }
}

/**
 * Schedules a resume unless something is under way already: nothing is opened while an attempt waits or a token is
 * awaited (M). The wait of a `migrate` is over when its sender is.
 */
function comeBack(state: Ownership, otherwise: () => Change, nowMs: number, busyMs = 0): Change {
  switch (state.next.kind) {
    case 'idle':
      return otherwise();
    case 'scheduled':
      if (state.next.why === 'backoff') return unchanged(state);
      return busyMs > 0 ? retry(state, nowMs, busyMs) : begin(state, 0);
    case 'token':
    case 'waiting':
      return unchanged(state);
  }
}

/** 4010: another session, from attempt 1. Whatever else is open belongs to the one that is gone. */
function restart(state: Ownership, nowMs: number): Change {
  const fresh: Ownership = {
    ...state,
    session: null,
    lastAttempt: 0,
    current: null,
    previous: null,
    plan: null,
    restored: false,
  };
  const effects = [...dropAll(state), { type: 'restart', goneSession: state.session?.id ?? null } as const];
  if (state.next.kind === 'token') return [fresh, effects];
  return after(effects, retry({ ...fresh, next: IDLE }, nowMs));
}

/** 4500 names the attempt that won. The connection's own number, or none of this client's: somebody else has the session. */
function isForeign(state: Ownership, attempt: number, reason: string): boolean {
  const winner = /^[1-9][0-9]{0,15}$/.test(reason) ? Number(reason) : attempt;
  return winner === attempt || winner > state.lastAttempt;
}
