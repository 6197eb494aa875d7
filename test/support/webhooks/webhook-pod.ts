import type { WebhooksConfig } from '../../../src/config/webhook-options.js';
import { systemClock } from '../../../src/lib/clock.js';
import { randomId } from '../../../src/lib/random-id.js';
import { Metrics } from '../../../src/observability/metrics.js';
import { asPodId, asSessionId, asTenantId, type PodId } from '../../../src/protocol/ids.js';
import { RedisKeys } from '../../../src/redis/keys.js';
import type { RedisConnection } from '../../../src/redis/redis-connection.js';
import { RedisSessionStore } from '../../../src/sessions/redis-session-store.js';
import type { SessionKey, SessionStore } from '../../../src/sessions/session-store.js';
import { SessionWatch } from '../../../src/sessions/session-watch.js';
import { WatchedSessionStore } from '../../../src/sessions/watched-session-store.js';
import { httpSender } from '../../../src/webhooks/http-sender.js';
import { ledgerLimits } from '../../../src/webhooks/ledger-limits.js';
import { RedisWebhookLedger } from '../../../src/webhooks/redis-webhook-ledger.js';
import { eventTypes } from '../../../src/webhooks/webhook-event.js';
import type { WebhookLedger } from '../../../src/webhooks/webhook-ledger.js';
import type { WebhookTarget } from '../../../src/webhooks/webhook-targets.js';
import { Webhooks } from '../../../src/webhooks/webhooks.js';
import { A, claimOf, fieldsOf } from '../sessions/claims.js';
import { silentLogger } from '../silent-logger.js';

export const quick: WebhooksConfig = {
  file: 'none',
  ...{ graceMs: 200, timeoutMs: 1_000, retryForMs: 60_000, retryMaxMs: 300, queue: 1_000, concurrency: 16 },
};

export const secret = Buffer.alloc(24, 7);
export const targetOf = (tenant: string, url: string): WebhookTarget => ({
  tenant: asTenantId(tenant),
  url,
  secrets: [secret],
  events: new Set(eventTypes),
});

export interface WebhookPodOptions {
  readonly webhooks?: Partial<WebhooksConfig>;
  readonly sessionTtlMs?: number;
  /** The ledger as this pod sees it. */
  readonly ledger?: (real: WebhookLedger) => WebhookLedger;
}

/** What a pod has of sessions and webhooks; all pods live. */
export class WebhookPod {
  readonly metrics = new Metrics();
  readonly store: SessionStore;
  readonly webhooks: Webhooks;
  private readonly id: PodId = asPodId(randomId());

  constructor(
    { commands }: RedisConnection,
    keyPrefix: string,
    targets: readonly WebhookTarget[],
    { webhooks = {}, sessionTtlMs = 60_000, ledger = (real) => real }: WebhookPodOptions = {},
  ) {
    const keys = new RedisKeys(keyPrefix);
    const config = { ...quick, ...webhooks };
    const sessions = { ttlMs: sessionTtlMs, sweepMs: 60_000 };
    const watch = new SessionWatch();
    this.store = new WatchedSessionStore(new RedisSessionStore(commands, keys, sessions, silentLogger), watch);
    const limits = ledgerLimits(config, sessions);
    this.webhooks = new Webhooks(
      {
        ledger: ledger(new RedisWebhookLedger(commands, keys, limits)),
        store: this.store,
        pods: { among: (pods) => Promise.resolve(new Set(pods)) },
        podCount: () => 1,
        send: httpSender(systemClock),
        clock: systemClock,
        logger: silentLogger,
        metrics: this.metrics,
      },
      targets,
      config,
      { graceMs: config.graceMs, patrolMs: limits.patrolMs, sessionTtlMs, silenceMs: 0 },
    );
    watch.watch(this.webhooks);
    this.webhooks.start();
  }

  /** A new session that this pod holds. */
  async begin(tenant: string): Promise<SessionKey> {
    const key: SessionKey = { tenant: asTenantId(tenant), session: asSessionId(randomId()) };
    const create = fieldsOf(Date.now() + 3_600_000);
    await this.store.claim({ ...claimOf(key, 1, A, { create }), pod: this.id });
    return key;
  }
  async lose(key: SessionKey): Promise<void> {
    await this.store.detach(key, 1, A);
  }

  stop(): void {
    this.webhooks.stop();
  }
}
