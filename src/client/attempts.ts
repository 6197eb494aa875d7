import { backoffMs } from '../lib/backoff.js';
import {
  IDLE,
  type Change,
  type Opened,
  type Ownership,
  type OwnershipEffect,
  type Plan,
  type StopReason,
} from './ownership.js';

/** An attempt without `welcome` is given up after this long. */
export const ATTEMPT_MS = 10_000;
/** "At once with jitter" (close code 1012): many are told so in the same moment. */
export const AT_ONCE_MS = 200;

export const unchanged = (state: Ownership): Change => [state, []];

/** Puts effects before those of a change. */
export function after(effects: readonly OwnershipEffect[], [state, more]: Change): Change {
  return [state, [...effects, ...more]];
}

/** The next attempt, as soon as there is a token for it if it needs one. */
export function begin(state: Ownership, hops: number): Change {
  if (state.session !== null && !state.rejected && !state.restored) return open(state, hops, null);
  return [{ ...state, next: { kind: 'token', hops } }, [{ type: 'ask-token' }]];
}

export function open(state: Ownership, hops: number, token: string | null): Change {
  const [url, plan] = nextUrl(state);
  const attempt = state.session === null ? 1 : state.lastAttempt + 1;
  const opened: Opened = { connection: state.lastConnection + 1, attempt, url, busyMs: null };
  const handOver = state.current !== null;
  const waiting = { kind: 'waiting', opened, hops, handOver, token, afterRejection: state.rejected } as const;
  return [
    { ...state, lastAttempt: attempt, lastConnection: opened.connection, plan, next: waiting },
    [
      { type: 'timer', timer: 'attempt-expired', afterMs: ATTEMPT_MS },
      { type: 'open', opened, hello: { hops, token, session: state.session } },
    ],
  ];
}

/** A later try: with backoff, and not before `atLeastMs`. A hand-over is tried again only until its deadline. */
export function retry(state: Ownership, nowMs: number, atLeastMs = 0): Change {
  if (state.current !== null && !worthTrying(state.plan, nowMs)) return [{ ...state, next: IDLE, plan: null }, []];
  const { baseMs, maxMs } = state.settings.backoff;
  return schedule(
    state,
    atLeastMs,
    backoffMs(state.failures, baseMs, maxMs, () => 1),
  );
}

/** The first time at once; after a failure like any other, or a pod that closes after each `welcome` makes a hot loop. */
export function retryAtOnce(state: Ownership, nowMs: number): Change {
  return state.failures === 0 ? schedule(state, 0, AT_ONCE_MS) : retry(state, nowMs);
}

function schedule(state: Ownership, atLeastMs: number, spreadMs: number): Change {
  return [
    {
      ...state,
      next: { kind: 'scheduled', why: 'backoff' },
      failures: state.failures + 1,
      urlIndex: state.urlIndex + 1,
      plan: state.current === null ? null : state.plan,
    },
    [{ type: 'schedule', atLeastMs, spreadMs }],
  ];
}

/** The scheduled time has come. A hand-over that is past its deadline is left to the old pod, which closes 1012. */
export function onDue(state: Ownership, nowMs: number): Change {
  if (state.next.kind !== 'scheduled') return unchanged(state);
  const tooLate = state.next.why === 'backoff' && state.current !== null && !worthTrying(state.plan, nowMs);
  return tooLate ? [{ ...state, next: IDLE, plan: null }, []] : begin(state, 0);
}

/** Closes every connection of the client that is still open, but for those named. */
export function dropAll(state: Ownership, except: readonly number[] = []): readonly OwnershipEffect[] {
  const waiting = state.next.kind === 'waiting' ? state.next.opened : null;
  return [state.previous, waiting, state.current]
    .filter((opened) => opened !== null)
    .filter((opened) => !except.includes(opened.connection))
    .map((opened) => ({ type: 'drop', connection: opened.connection }));
}

export function stop(state: Ownership, why: StopReason): Change {
  const stopped = {
    ...state,
    life: { kind: 'stopped', why },
    current: null,
    previous: null,
    next: IDLE,
    plan: null,
  } as const;
  return [stopped, [...dropAll(state), { type: 'stopped', why }]];
}

function nextUrl(state: Ownership): readonly [string, Plan | null] {
  const { urls } = state.settings;
  const [endpoint, ...endpoints] = state.plan?.endpoints ?? [];
  if (state.plan && endpoint !== undefined) return [endpoint, { ...state.plan, endpoints }];
  return [urls[state.urlIndex % urls.length] ?? '', state.plan];
}

const worthTrying = (plan: Plan | null, nowMs: number): boolean => plan !== null && nowMs < plan.deadlineAtMs;
