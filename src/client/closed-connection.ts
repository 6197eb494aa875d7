import { closeAction, closeCodes } from '../protocol/close-codes.js';
import { after, begin, dropAll, retry, retryAtOnce, stop, unchanged } from './attempts.js';
import { IDLE, type Change, type Ownership, type OwnershipEvent, type Waiting } from './ownership.js';

type Closed = Extract<OwnershipEvent, { readonly type: 'closed' }>;

/** Codes that stop a client, but concern only the attempt when it was opened beside a working connection. */
const CONCERNS_ATTEMPT: ReadonlySet<number> = new Set([
  closeCodes.protocolError.code,
  closeCodes.unsupportedData.code,
  closeCodes.badData.code,
  closeCodes.tooBig.code,
  closeCodes.tenantQuota.code,
]);

/** A connection closed. One that is neither the current one nor the one that waits changes nothing else. */
export function closed(state: Ownership, event: Closed, nowMs: number): Change {
  const gone = [{ type: 'gone', connection: event.connection }] as const;
  if (state.next.kind === 'waiting' && state.next.opened.connection === event.connection)
    return after(gone, attemptClosed({ ...state, next: IDLE }, state.next, event, nowMs));
  if (state.current?.connection === event.connection)
    return after(
      gone,
      currentClosed({ ...state, current: null }, state.current.attempt, state.current.busyMs, event, nowMs),
    );
  if (state.previous?.connection === event.connection) return after(gone, unchanged({ ...state, previous: null }));
  return unchanged(state);
}

/** `state.next` is idle already. Whatever isn't final leaves a current connection as it was. */
function attemptClosed(state: Ownership, waiting: Waiting, event: Closed, nowMs: number): Change {
  const action = closeAction(event.code);
  if (state.restored && isFinal(state, waiting.opened.attempt, event)) return restart(state, nowMs);
  switch (action) {
    case 'none':
    case 'resume':
      return retry(state, nowMs);
    case 'resume-at-once':
      return retryAtOnce(state, nowMs);
    case 'resume-after-busy':
      return retry(state, nowMs, waiting.opened.busyMs ?? 0);
    case 'moved':
      return isForeign(state, waiting.opened.attempt, event) ? stop(state, stopReason(event)) : retry(state, nowMs);
    case 'credential':
      return waiting.afterRejection ? stop(state, stopReason(event)) : retry({ ...state, rejected: true }, nowMs);
    case 'restart':
      return restart(state, nowMs);
    case 'stop':
      if (waiting.handOver && CONCERNS_ATTEMPT.has(event.code)) return retry(state, nowMs, waiting.opened.busyMs ?? 0);
      return stop(state, stopReason(event));
  }
}

/** `state.current` is null already. Nothing is opened while an attempt waits or a token is awaited (M). */
function currentClosed(state: Ownership, attempt: number, busyMs: number | null, event: Closed, nowMs: number): Change {
  switch (closeAction(event.code)) {
    case 'none':
    case 'resume':
      return comeBack(state, () => retry(state, nowMs), nowMs);
    case 'resume-at-once':
      return comeBack(state, () => retryAtOnce(state, nowMs), nowMs);
    case 'resume-after-busy':
      return comeBack(state, () => retry(state, nowMs, busyMs ?? 0), nowMs, busyMs ?? 0);
    case 'moved':
      if (isForeign(state, attempt, event)) return stop(state, stopReason(event));
      return comeBack(state, () => retry(state, nowMs), nowMs);
    case 'credential': {
      const rejected = { ...state, rejected: true };
      return comeBack(rejected, () => retry(rejected, nowMs), nowMs);
    }
    case 'restart':
      return restart(state, nowMs);
    case 'stop':
      return stop(state, stopReason(event));
  }
}

/** Schedules a resume unless something is under way already; the wait of a `migrate` is over when its sender is. */
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

/** Whether the client would stop, or was told that its credential isn't that of the session. */
function isFinal(state: Ownership, attempt: number, event: Closed): boolean {
  const action = closeAction(event.code);
  return action === 'moved' ? isForeign(state, attempt, event) : action === 'credential' || action === 'stop';
}

/** 4500 names the attempt that won. The connection's own number, or none of this client's: somebody else has the session. */
function isForeign(state: Ownership, attempt: number, event: Closed): boolean {
  if (!/^[1-9][0-9]{0,15}$/.test(event.reason)) return true;
  const winner = Number(event.reason);
  return winner === attempt || winner > state.lastAttempt;
}

const stopReason = (event: Closed) => ({ closeCode: event.code, reason: event.reason });
