import type { WebhooksConfig } from '../config/webhook-options.js';
import { DeliverySlots } from './delivery-slots.js';
import { afterSending, type Afterwards, type Sent } from './retry-rule.js';
import { signatureOf } from './signature.js';
import { bodyOf } from './webhook-event.js';
import type { DueEvent } from './webhook-ledger.js';
import type { WebhookPorts } from './webhook-ports.js';
import type { WebhookTarget } from './webhook-targets.js';

type DeliveryConfig = Pick<WebhooksConfig, 'timeoutMs' | 'retryForMs' | 'retryMaxMs' | 'concurrency'>;

interface Delivery {
  readonly target: WebhookTarget;
  readonly event: DueEvent;
  /** When Redis gave it out, by this process's clock and by Redis'. */
  readonly takenMs: number;
  readonly takenAtMs: number;
}

/** What is under way to receivers. One session's events go one after another, as far as they were given out here. */
export class WebhookDeliveries {
  private readonly slots: DeliverySlots;
  /** The last sending that was begun, by session. */
  private readonly lines = new Map<string, Promise<void>>();
  private readonly abort = new AbortController();

  constructor(
    private readonly ports: WebhookPorts,
    private readonly config: DeliveryConfig,
    /** Some slots of this receiver are free again. */
    private readonly onRoom: (target: WebhookTarget) => void,
  ) {
    this.slots = new DeliverySlots(config.concurrency);
  }

  free({ tenant }: WebhookTarget): number {
    return this.slots.free(tenant);
  }

  start(target: WebhookTarget, event: DueEvent, nowMs: number): void {
    this.slots.take(target.tenant);
    const delivery: Delivery = { target, event, takenMs: this.ports.clock.monotonic(), takenAtMs: nowMs };
    const line = `${target.tenant} ${event.session}`;
    const before = this.lines.get(line) ?? Promise.resolve();
    const done = before
      .then(() => this.deliver(delivery))
      .catch((error: unknown) => {
        // Nobody has settled it: it is given out again.
        this.ports.logger.warn('webhook.unsettled', { tenantId: target.tenant, webhookId: event.id, error });
      })
      .then(() => {
        if (this.lines.get(line) === done) this.lines.delete(line);
        this.slots.giveBack(target.tenant);
        if (this.slots.isRoomy(target.tenant)) this.onRoom(target);
      });
    this.lines.set(line, done);
  }

  /** What is under way is sent again by another pod, under the same id. */
  stop(): void {
    this.abort.abort();
  }

  private get ended(): boolean {
    return this.abort.signal.aborted;
  }

  private async deliver(delivery: Delivery): Promise<void> {
    const { target, event, takenMs, takenAtMs } = delivery;
    const waitedMs = this.ports.clock.monotonic() - takenMs;
    // It has waited for the one before it, and its lease would end while it is sent: it is given out again instead.
    if (waitedMs > this.config.timeoutMs / 2 || this.ended) return;
    const sent = await this.send(target, event, takenAtMs + waitedMs);
    if (sent === null) return;
    const nowMs = takenAtMs + this.ports.clock.monotonic() - takenMs;
    const after = afterSending(sent, { tries: event.tries, ageMs: nowMs - event.atMs }, this.config);
    this.slots.note(target.tenant, after.kind === 'again' || after.kind === 'given-up');
    this.count(delivery, sent, after);
    const againAfterMs = after.kind === 'again' ? after.afterMs : null;
    await this.ports.ledger.settle(target.tenant, [{ id: event.id, againAfterMs }]);
  }

  /** Null: this pod ended meanwhile, and nobody knows whether it was taken. */
  private async send({ tenant, url, secrets }: WebhookTarget, event: DueEvent, nowMs: number): Promise<Sent | null> {
    const body = bodyOf(tenant, event);
    const timestamp = Math.floor(nowMs / 1_000);
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'baton',
      'webhook-id': event.id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signatureOf(secrets, event.id, timestamp, body),
    };
    const sent = await this.ports.send({ url, headers, body, timeoutMs: this.config.timeoutMs }, this.abort.signal);
    return this.ended ? null : sent;
  }

  private count({ target, event }: Delivery, sent: Sent, after: Afterwards): void {
    const { metrics, logger } = this.ports;
    if (after.kind === 'delivered') {
      metrics.webhooksDelivered.inc();
      return;
    }
    metrics.webhookFailures.inc({ reason: sent.kind === 'answered' ? 'status' : sent.kind });
    const about = {
      tenantId: target.tenant,
      webhookId: event.id,
      tries: event.tries,
      ...(sent.kind === 'answered' ? { status: sent.status } : { why: sent.kind }),
    };
    if (after.kind === 'again') {
      logger.debug('webhook.failed', about);
      return;
    }
    metrics.webhooksGivenUp.inc({ reason: after.why });
    logger.warn('webhook.given-up', { ...about, reason: after.why });
  }
}
