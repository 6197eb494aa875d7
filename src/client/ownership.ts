import type { SessionId } from '../protocol/ids.js';

/** What a client needs to come back to its session. */
export interface SessionKey {
  readonly id: SessionId;
  readonly resume: string;
}

/** A connection that was opened. `connection` counts all that this client ever opened; `attempt` counts within the session. */
export interface Opened {
  readonly connection: number;
  readonly attempt: number;
  readonly url: string;
  /** `retryAfterMs` of a `busy` that came on it. */
  readonly busyMs: number | null;
}

/** The one place for the next connection: because it is one value, at most one attempt waits (M). */
export type Next =
  | { readonly kind: 'idle' }
  | { readonly kind: 'scheduled'; readonly why: 'backoff' | 'migrate' }
  | { readonly kind: 'token'; readonly hops: number }
  | Waiting;

/** An attempt that was opened and has no `welcome` yet. */
export interface Waiting {
  readonly kind: 'waiting';
  readonly opened: Opened;
  readonly hops: number;
  /** Opened beside a working connection: what happens to it concerns only itself. */
  readonly handOver: boolean;
  readonly token: string | null;
  /** Its `hello` answers a 4501, so that another 4501 is the last. */
  readonly afterRejection: boolean;
}

/** Where a hand-over may go, and until when it is worth trying. */
export interface Plan {
  readonly endpoints: readonly string[];
  readonly deadlineAtMs: number;
}

/** Why a client stopped for good. `closeCode` is null when the application closed it. */
export interface StopReason {
  readonly closeCode: number | null;
  readonly reason: string;
}

export type Life =
  { readonly kind: 'running' } | { readonly kind: 'leaving' } | { readonly kind: 'stopped'; readonly why: StopReason };

export interface OwnershipSettings {
  readonly urls: readonly string[];
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
}

/** Which connection owns the session, which one follows, and what is remembered between them. */
export interface Ownership {
  readonly settings: OwnershipSettings;
  readonly life: Life;
  readonly session: SessionKey | null;
  /** The highest attempt opened for this session; kept before the connection is opened. */
  readonly lastAttempt: number;
  readonly lastConnection: number;
  /** Welcomed and open: publishes go here. */
  readonly current: Opened | null;
  /** The connection before it, which may still deliver until it closes. */
  readonly previous: Opened | null;
  readonly next: Next;
  readonly plan: Plan | null;
  /** Consecutive failures, the exponent of the backoff. */
  readonly failures: number;
  readonly urlIndex: number;
  /** A 4501 came since the last `welcome`: the next `hello` needs a token. */
  readonly rejected: boolean;
  /**
   * The session is of an earlier page, and hasn't been welcomed in this one. Its `hello` carries a token, so that it goes
   * to its own user only, and whatever is final about it ends the session instead of the client.
   */
  readonly restored: boolean;
}

/** Where an earlier page left a session. */
export interface KeptSession {
  readonly session: SessionKey;
  readonly attempt: number;
}

export type OwnershipEvent =
  | { readonly type: 'start'; readonly kept?: KeptSession | null }
  /** The scheduled time has come. */
  | { readonly type: 'due' }
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'no-token' }
  | { readonly type: 'welcome'; readonly connection: number; readonly session: SessionKey }
  | {
      readonly type: 'migrate';
      readonly connection: number;
      readonly withinMs: number;
      readonly deadlineMs: number;
      /** Only those that this client may open. */
      readonly endpoints: readonly string[];
    }
  | { readonly type: 'busy'; readonly connection: number; readonly retryAfterMs: number }
  | { readonly type: 'closed'; readonly connection: number; readonly code: number; readonly reason: string }
  /** 10 s without `welcome`. */
  | { readonly type: 'attempt-expired' }
  /** 5 s since the newer connection's `welcome`. */
  | { readonly type: 'overlap-expired' }
  /** 30 s since the `welcome` of this connection. */
  | { readonly type: 'steady'; readonly connection: number }
  | { readonly type: 'close' }
  | { readonly type: 'bye-expired' };

/** Each is the event at its end. */
export type TimerName = 'attempt-expired' | 'overlap-expired' | 'steady' | 'bye-expired';

export type OwnershipEffect =
  | { readonly type: 'open'; readonly opened: Opened; readonly hello: HelloIdentity }
  /** Close the socket and hear nothing more from it. */
  | { readonly type: 'drop'; readonly connection: number }
  /** It closed by itself: whatever was expected from it won't come. */
  | { readonly type: 'gone'; readonly connection: number }
  /** `due` after `atLeastMs` and a random part of `spreadMs` more; replaces an earlier schedule. */
  | { readonly type: 'schedule'; readonly atLeastMs: number; readonly spreadMs: number }
  | { readonly type: 'ask-token' }
  | { readonly type: 'timer'; readonly timer: TimerName; readonly afterMs: number }
  | { readonly type: 'welcomed'; readonly opened: Opened; readonly from: number | null }
  | { readonly type: 'bye'; readonly connection: number }
  /** The session is gone: a new one, and a new publisher. */
  | { readonly type: 'restart'; readonly goneSession: SessionId | null }
  | { readonly type: 'stopped'; readonly why: StopReason };

/** The part of `hello` that says who comes. */
export interface HelloIdentity {
  readonly hops: number;
  readonly token: string | null;
  readonly session: SessionKey | null;
}

export type Change = readonly [state: Ownership, effects: readonly OwnershipEffect[]];

export const IDLE: Next = { kind: 'idle' };

export function initialOwnership(settings: OwnershipSettings): Ownership {
  return {
    settings,
    life: { kind: 'running' },
    session: null,
    lastAttempt: 0,
    lastConnection: 0,
    current: null,
    previous: null,
    next: IDLE,
    plan: null,
    failures: 0,
    urlIndex: 0,
    rejected: false,
    restored: false,
  };
}
