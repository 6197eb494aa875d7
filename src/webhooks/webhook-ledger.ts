import type { PodId, SessionId, TenantId, UserId } from '../protocol/ids.js';
import type { Tracked, Verdict } from './announce-rule.js';
import type { EventType, WebhookEvent } from './webhook-event.js';

/** What a pod has seen of a session. */
export type Report =
  /** This pod has claimed it, or once more. */
  | { readonly kind: 'held'; readonly session: SessionId; readonly user: UserId; readonly pod: PodId }
  /** A connection has given it back; somebody else may have it. */
  | { readonly kind: 'left'; readonly session: SessionId }
  /** Somebody asked for its end. */
  | { readonly kind: 'ended'; readonly session: SessionId };

/** A session that is to be looked at. */
export interface DueLook extends Tracked {
  readonly session: SessionId;
  /** Counts what was reported of it: a look's outcome holds only for what it has seen. */
  readonly version: number;
  /** The last that was known to hold it. */
  readonly pod: PodId | null;
}

export interface LookOutcome {
  readonly look: DueLook;
  readonly verdict: Verdict;
}

export interface DueEvent extends WebhookEvent {
  /** With this one. */
  readonly tries: number;
}

export interface Due {
  /** Redis time. */
  readonly nowMs: number;
  readonly looks: readonly DueLook[];
  readonly events: readonly DueEvent[];
  /** Pods that hold sessions, as far as was reported. */
  readonly pods: readonly PodId[];
  /** Events that wait, those included. */
  readonly queued: number;
  /** When the oldest of them was enqueued; null: there is none. */
  readonly oldestAtMs: number | null;
}

export interface Enqueued {
  readonly enqueued: number;
  /** Older ones that made room. */
  readonly dropped: number;
}

export interface Settlement {
  readonly id: string;
  /** Null: it is not sent again. */
  readonly againAfterMs: number | null;
}

/**
 * What a tenant's receiver was told of each session, when to look at the sessions again, and what is still to be sent. All
 * pods work on it together; what one has taken, no other gets for a while. Every call rejects with BatonError `unavailable`
 * when Redis can't be reached, and may then be repeated.
 */
export interface WebhookLedger {
  /** `wanted`: what the receiver is told of; the rest is noted all the same. */
  report(tenant: TenantId, wanted: ReadonlySet<EventType>, reports: readonly Report[]): Promise<Enqueued>;
  /** An outcome whose session something was reported of meanwhile has no effect: it is due again soon. */
  conclude(tenant: TenantId, wanted: ReadonlySet<EventType>, outcomes: readonly LookOutcome[]): Promise<Enqueued>;
  take(tenant: TenantId, most: { readonly looks: number; readonly events: number }): Promise<Due>;
  /** This pod is gone: its sessions are due to be looked at. */
  orphan(tenant: TenantId, pod: PodId): Promise<void>;
  settle(tenant: TenantId, settlements: readonly Settlement[]): Promise<void>;
}

export interface LedgerLimits {
  readonly graceMs: number;
  readonly patrolMs: number;
  /** Events of one tenant. */
  readonly mostEvents: number;
  /** For how long what was taken is left to who has taken it. */
  readonly lookLeaseMs: number;
  readonly eventLeaseMs: number;
  /** What waits for longer was put there by another clock, and is due. */
  readonly longestLookMs: number;
  readonly longestEventMs: number;
  /** What nobody touches for so long is forgotten. */
  readonly ttlMs: number;
}

export const WEBHOOK_LEDGER = Symbol('WebhookLedger');
