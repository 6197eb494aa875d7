import type { SessionsConfig } from '../config/config.js';
import type { WebhooksConfig } from '../config/webhook-options.js';
import { ownedTtlMs } from '../sessions/session-lifetime.js';
import { OVER_MS } from './announce-rule.js';
import type { LedgerLimits } from './webhook-ledger.js';

/** Longer than reading a hundred rows takes. */
const LOOK_LEASE_MS = 5_000;
/** What is left of a lease when a receiver has taken all its time: until Redis has heard of it. */
const SETTLE_MS = 5_000;

/** Events are put ahead by some ms, a silent pod is waited for beyond the grace, and pods are rolled one by one. */
const SLACK_MS = 60_000;

export function ledgerLimits(webhooks: WebhooksConfig, sessions: SessionsConfig): LedgerLimits {
  // As long as a pod needs to claim each of its sessions again, and once more.
  const patrolMs = 2 * sessions.sweepMs;
  const eventLeaseMs = webhooks.timeoutMs + Math.min(SETTLE_MS, webhooks.timeoutMs);
  return {
    graceMs: webhooks.graceMs,
    patrolMs,
    mostEvents: webhooks.queue,
    lookLeaseMs: LOOK_LEASE_MS,
    eventLeaseMs,
    longestLookMs: Math.max(LOOK_LEASE_MS, patrolMs, OVER_MS, webhooks.graceMs, sessions.ttlMs) + SLACK_MS,
    longestEventMs: Math.max(eventLeaseMs, webhooks.retryMaxMs) + SLACK_MS,
    ttlMs: webhooks.retryForMs + webhooks.retryMaxMs + ownedTtlMs(sessions),
  };
}
