import type { WebhooksConfig } from '../config/webhook-options.js';
import type { TenantId } from '../protocol/ids.js';
import { DeliverySlots } from './delivery-slots.js';
import { DeliveryTurns } from './delivery-turns.js';
import { afterSending, presumed, standingAfter, type Afterwards, type Sent } from './retry-rule.js';
import { signatureOf } from './signature.js';
import { bodyOf } from './webhook-event.js';
import type { Due, DueEvent } from './webhook-ledger.js';
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
  private readonly turns: DeliveryTurns;
  /** The last sending that was begun, by session. */
  private readonly lines = new Map<string, Promise<void>>();
  private readonly abort = new AbortController();

  constructor(
    private readonly ports: WebhookPorts,
    private readonly config: DeliveryConfig,
    /** It waited, and slots are free for it. */
    onTurn: (tenant: TenantId) => void,
  ) {
    this.slots = new DeliverySlots(config.concurrency);
    this.turns = new DeliveryTurns(ports.ledger, this.slots, onTurn);
  }

  /** Who waits for slots, the longest first. */
  get waiting(): readonly TenantId[] {
    return this.turns.waiting;
  }

  /** It has no turn any more; what is under way goes on. */
  forget(tenant: TenantId): void {
    this.turns.forget(tenant);
  }

  /** What is due, its events already on their way. */
  async take(target: WebhookTarget, looks: number): Promise<Due> {
    const { tenant } = target;
    const due = await this.turns.take(tenant, looks);
    const oldestMs = due.nowMs - (due.oldestAtMs ?? due.nowMs);
    this.slots.note(tenant, presumed(this.slots.standingOf(tenant), oldestMs, this.config));
    for (const event of due.events) this.start(target, event, due.nowMs);
    return due;
  }

  private start(target: WebhookTarget, event: DueEvent, nowMs: number): void {
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
        this.turns.done(target.tenant);
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
    const tookMs = this.ports.clock.monotonic() - takenMs - waitedMs;
    if (sent === null) return;
    const nowMs = takenAtMs + this.ports.clock.monotonic() - takenMs;
    const after = afterSending(sent, { tries: event.tries, ageMs: nowMs - event.atMs }, this.config);
    this.slots.note(target.tenant, standingAfter(after, tookMs, this.config));
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
