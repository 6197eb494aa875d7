import { backoffMs } from '../lib/backoff.js';
import { BatonError } from '../lib/baton-error.js';
import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import type { TenantId } from '../protocol/ids.js';
import type { Enqueued, Report } from './webhook-ledger.js';

/** In one script. */
const BATCH = 200;
/**
 * Of all tenants. As many as a pod has connections, and some: beyond it the sweep reports again who is connected, and the
 * patrol finds who isn't.
 */
const MOST = 50_000;
const RETRY = { baseMs: 100, maxMs: 2_000 } as const;

export interface ReportPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Says it to Redis, and follows up. */
  readonly say: (tenant: TenantId, reports: readonly Report[]) => Promise<Enqueued>;
}

/** What Redis hasn't been told yet of sessions: in order for each tenant, a batch at a time, until it has answered. */
export class WebhookReports {
  private readonly waiting = new Map<TenantId, Report[]>();
  private readonly saying = new Set<TenantId>();
  private count = 0;
  private given = 0;
  private failures = 0;
  private retry: Timer | null = null;
  private stopped = false;

  constructor(private readonly ports: ReportPorts) {}

  add(tenant: TenantId, report: Report): void {
    if (this.count >= MOST) {
      this.given += 1;
      return;
    }
    const reports = this.waiting.get(tenant);
    if (reports) reports.push(report);
    else this.waiting.set(tenant, [report]);
    this.count += 1;
    if (this.retry === null) this.say(tenant);
  }

  stop(): void {
    this.stopped = true;
    this.retry?.cancel();
  }

  private say(tenant: TenantId): void {
    if (this.saying.has(tenant) || this.stopped) return;
    this.saying.add(tenant);
    this.sayAll(tenant)
      .catch((error: unknown) => {
        this.ports.logger.error('webhook.report-failed', { error });
      })
      .finally(() => {
        this.saying.delete(tenant);
        if (this.retry === null && this.waiting.has(tenant)) this.say(tenant);
      });
  }

  private async sayAll(tenant: TenantId): Promise<void> {
    // Those of one turn go together.
    await Promise.resolve();
    for (;;) {
      const reports = this.waiting.get(tenant) ?? [];
      const batch = reports.slice(0, BATCH);
      if (batch.length === 0) {
        this.waiting.delete(tenant);
        return;
      }
      try {
        await this.ports.say(tenant, batch);
        this.failures = 0;
      } catch (error) {
        if (error instanceof BatonError && error.code === 'unavailable') {
          this.sayLater(error);
          return;
        }
        this.ports.logger.error('webhook.report-failed', { error });
      }
      reports.splice(0, batch.length);
      this.count -= batch.length;
    }
  }

  private sayLater(error: BatonError): void {
    if (this.retry !== null || this.stopped) return;
    this.ports.logger.warn('webhook.report-later', { error, waiting: this.count, givenUp: this.given });
    this.given = 0;
    this.failures += 1;
    this.retry = this.ports.clock.after(backoffMs(this.failures, RETRY.baseMs, RETRY.maxMs), () => {
      this.retry = null;
      for (const tenant of this.waiting.keys()) this.say(tenant);
    });
  }
}
