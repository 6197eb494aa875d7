import type { WebhooksConfig } from '../config/webhook-options.js';
import { BatonError } from '../lib/baton-error.js';
import type { Timer } from '../lib/clock.js';
import type { TenantId } from '../protocol/ids.js';
import type { SessionKey, SessionRow } from '../sessions/session-store.js';
import type { SessionWatcher } from '../sessions/session-watch.js';
import { WebhookDeliveries } from './webhook-deliveries.js';
import type { Due, Enqueued, Report } from './webhook-ledger.js';
import { WebhookLooks, type LookTimes } from './webhook-looks.js';
import type { WebhookPorts } from './webhook-ports.js';
import { WebhookReports } from './webhook-reports.js';
import type { WebhookTarget } from './webhook-targets.js';

/** Looks in one go: their rows are read in one write. */
const LOOKS = 100;
/** How often all pods together ask for each tenant's work: the grace should not be much longer for it. */
const TICK = { mostMs: 1_000, partOfGrace: 10, leastMs: 20 } as const;
/**
 * A thousand tenants asked for in one write would hold up whatever else this pod and Redis do. Those of whom nothing was
 * queued last time are asked for a few at a time, over the whole tick.
 */
const PART_MS = 10;

/** One tenant's work on this pod. */
interface Lane {
  target: WebhookTarget;
  working: boolean;
  /** Something came up while it was being worked on. */
  again: boolean;
  due: Pick<Due, 'queued' | 'oldestAtMs' | 'nowMs'> | null;
}

/**
 * Tells the receivers of tenants what becomes of their sessions. This pod reports what its own connections do; looks and
 * deliveries are done by whichever pod asks next, so that none of it depends on one pod.
 */
export class Webhooks implements SessionWatcher {
  private readonly lanes = new Map<TenantId, Lane>();
  private readonly reports: WebhookReports;
  private readonly looks: WebhookLooks;
  private readonly deliveries: WebhookDeliveries;
  private timer: Timer | null = null;
  private stopped = false;
  /** Whose work failed last time. */
  private readonly failing = new Set<TenantId>();

  constructor(
    private readonly ports: WebhookPorts,
    targets: readonly WebhookTarget[],
    private readonly config: WebhooksConfig,
    times: LookTimes,
  ) {
    this.reports = new WebhookReports({ ...ports, say: (tenant, reports) => this.report(tenant, reports) });
    this.looks = new WebhookLooks(ports, times);
    this.deliveries = new WebhookDeliveries(ports, config, (tenant) => {
      this.work(tenant);
    });
    this.serve(targets);
  }

  /**
   * From now on these. Whoever isn't among them hears no more; what waits for them waits for as long as it would be sent.
   * Who is new is told of sessions that connect from now on, and within a sweep of those that are connected.
   */
  serve(targets: readonly WebhookTarget[]): void {
    const named = new Set(targets.map(({ tenant }) => tenant));
    for (const tenant of this.lanes.keys()) if (!named.has(tenant)) this.drop(tenant);
    for (const target of targets) {
      const lane = this.lanes.get(target.tenant);
      if (lane) lane.target = target;
      else this.lanes.set(target.tenant, { target, working: false, again: false, due: null });
    }
  }

  start(): void {
    this.tickLater();
  }
  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
    this.reports.stop();
    this.deliveries.stop();
  }

  held({ tenant, session, user, pod }: SessionRow): void {
    if (this.lanes.has(tenant)) this.reports.add(tenant, { kind: 'held', session, user, pod });
  }
  left({ tenant, session }: SessionKey): void {
    if (this.lanes.has(tenant)) this.reports.add(tenant, { kind: 'left', session });
  }
  ended({ tenant, session }: SessionKey): void {
    if (this.lanes.has(tenant)) this.reports.add(tenant, { kind: 'ended', session });
  }

  /** For the metrics, as this pod saw it last. */
  get waiting(): { readonly events: number; readonly oldestMs: number } {
    const due = [...this.lanes.values()].flatMap((lane) => lane.due ?? []);
    const ages = due.map(({ nowMs, oldestAtMs }) => (oldestAtMs === null ? 0 : nowMs - oldestAtMs));
    return { events: due.reduce((sum, { queued }) => sum + queued, 0), oldestMs: Math.max(0, ...ages) };
  }

  private drop(tenant: TenantId): void {
    this.lanes.delete(tenant);
    this.failing.delete(tenant);
    this.deliveries.forget(tenant);
  }

  private async report(tenant: TenantId, reports: readonly Report[]): Promise<Enqueued> {
    const lane = this.lanes.get(tenant);
    if (!lane) return { enqueued: 0, dropped: 0 };
    const result = await this.ports.ledger.report(tenant, lane.target.events, reports);
    this.noteDropped(lane, result);
    if (result.enqueued > 0 || reports.some(({ kind }) => kind === 'ended')) this.work(tenant);
    return result;
  }

  private tickLater(): void {
    const { graceMs } = this.config;
    const tickMs = Math.max(TICK.leastMs, Math.min(TICK.mostMs, graceMs / TICK.partOfGrace));
    const delayMs = tickMs * Math.max(1, this.ports.podCount()) * (0.5 + Math.random());
    const idle = [...this.lanes].flatMap(([tenant, { due }]) => (due === null || due.queued === 0 ? [tenant] : []));
    const parts = Math.max(1, Math.min(idle.length, Math.floor(delayMs / PART_MS)));
    this.askIdle(idle, Math.ceil(idle.length / parts), delayMs / parts);
  }

  private askIdle(idle: readonly TenantId[], count: number, delayMs: number): void {
    this.timer = this.ports.clock.after(delayMs, () => {
      for (const tenant of idle.slice(0, count)) this.work(tenant);
      if (idle.length > count) this.askIdle(idle.slice(count), count, delayMs);
      else this.askBusy();
    });
  }

  /** All at once, so that slots go to those that have waited for longest: whoever got nothing last time is the first now. */
  private askBusy(): void {
    const busy = [...this.lanes].flatMap(([tenant, { due }]) => (due !== null && due.queued > 0 ? [tenant] : []));
    for (const tenant of new Set([...this.deliveries.waiting, ...busy])) this.work(tenant);
    if (!this.stopped) this.tickLater();
  }

  private work(tenant: TenantId): void {
    const lane = this.lanes.get(tenant);
    if (!lane || this.stopped) return;
    lane.again = true;
    if (lane.working) return;
    lane.working = true;
    this.workOff(lane)
      .then(
        () => {
          this.failing.delete(tenant);
        },
        (error: unknown) => {
          lane.again = false;
          if (this.lanes.get(tenant) === lane) this.noteFailure(tenant, error);
        },
      )
      .finally(() => {
        lane.working = false;
        if (lane.again) this.work(tenant);
      });
  }

  private async workOff(lane: Lane): Promise<void> {
    while (lane.again && !this.stopped) {
      lane.again = false;
      const { target } = lane;
      const due = await this.deliveries.take(target, LOOKS);
      lane.due = due;
      if (due.looks.length > 0) await this.lookAt(lane, due);
      if (due.looks.length === LOOKS) lane.again = true;
      if (await this.findOrphans(lane, due)) lane.again = true;
    }
  }

  private async lookAt(lane: Lane, { looks, nowMs }: Due): Promise<void> {
    const { target } = lane;
    const outcomes = await this.looks.look(target, looks, nowMs);
    if (outcomes.length === 0) return;
    const result = await this.ports.ledger.conclude(target.tenant, target.events, outcomes);
    this.noteDropped(lane, result);
    if (result.enqueued > 0) lane.again = true;
  }

  private async findOrphans({ target }: Lane, { pods }: Due): Promise<boolean> {
    if (pods.length === 0) return false;
    const living = await this.ports.pods.among(pods);
    if (living === null) return false;
    const gone = pods.filter((pod) => !living.has(pod));
    for (const pod of gone) await this.ports.ledger.orphan(target.tenant, pod);
    return gone.length > 0;
  }

  private noteDropped({ target }: Lane, { dropped }: Enqueued): void {
    if (dropped === 0) return;
    this.ports.metrics.webhooksDropped.inc(dropped);
    this.ports.logger.warn('webhook.dropped', { tenantId: target.tenant, count: dropped, most: this.config.queue });
  }

  /** Once for as long as it lasts: a tenant's node of a cluster may be away while others work. */
  private noteFailure(tenant: TenantId, error: unknown): void {
    const unavailable = error instanceof BatonError && error.code === 'unavailable';
    if (!unavailable && !this.failing.has(tenant))
      this.ports.logger.error('webhook.failed', { tenantId: tenant, error });
    else if (this.failing.size === 0) this.ports.logger.warn('webhook.redis-away', { error });
    this.failing.add(tenant);
  }
}
