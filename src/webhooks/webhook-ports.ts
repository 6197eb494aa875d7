import type { Clock } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import type { PodId } from '../protocol/ids.js';
import type { SessionStore } from '../sessions/session-store.js';
import type { Send } from './http-sender.js';
import type { WebhookLedger } from './webhook-ledger.js';

export interface WebhookPorts {
  readonly ledger: WebhookLedger;
  readonly store: Pick<SessionStore, 'get'>;
  /** Those of the pods that live; null: nobody can say at the moment. */
  readonly pods: { among(pods: readonly PodId[]): Promise<ReadonlySet<PodId> | null> };
  /** How many pods share the work, this one included. */
  readonly podCount: () => number;
  readonly send: Send;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<
    Metrics,
    | 'webhooksDelivered'
    | 'webhookFailures'
    | 'webhooksGivenUp'
    | 'webhooksDropped'
    | 'webhooksQueued'
    | 'webhooksOldestSeconds'
  >;
}
