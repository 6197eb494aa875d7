import type { SessionsConfig } from '../config/config.js';
import type { WebhooksConfig } from '../config/webhook-options.js';
import { ownedTtlMs } from '../sessions/session-lifetime.js';
import type { LedgerLimits } from './webhook-ledger.js';

/** Longer than reading a hundred rows takes. */
const LOOK_LEASE_MS = 5_000;
/** What is left of a lease when a receiver has taken all its time: until Redis has heard of it. */
const SETTLE_MS = 5_000;

export function ledgerLimits(webhooks: WebhooksConfig, sessions: SessionsConfig): LedgerLimits {
  return {
    graceMs: webhooks.graceMs,
    // As long as a pod needs to claim each of its sessions again, and once more.
    patrolMs: 2 * sessions.sweepMs,
    mostEvents: webhooks.queue,
    lookLeaseMs: LOOK_LEASE_MS,
    eventLeaseMs: webhooks.timeoutMs + Math.min(SETTLE_MS, webhooks.timeoutMs),
    ttlMs: webhooks.retryForMs + webhooks.retryMaxMs + ownedTtlMs(sessions),
  };
}
