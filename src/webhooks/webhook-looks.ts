import type { PodId, TenantId } from '../protocol/ids.js';
import type { SessionRow } from '../sessions/session-store.js';
import { decideLook, type AnnounceTimes, type Sight } from './announce-rule.js';
import type { DueLook, LookOutcome } from './webhook-ledger.js';
import type { WebhookPorts } from './webhook-ports.js';
import type { WebhookTarget } from './webhook-targets.js';

export interface LookTimes extends AnnounceTimes {
  /** How long a pod whose beat is gone counts as gone already; negative: it is waited for, beyond the grace. */
  readonly silenceMs: number;
}

/** Rows that can't be read are told of this seldom: after a failover they are all of a node's, again and again. */
const SAID_MS = 10_000;

/** Looks at the rows of sessions: they are the truth, whatever was reported. */
export class WebhookLooks {
  /** Since the last line. */
  private unreadable = 0;
  private saidMs = -Infinity;

  constructor(
    private readonly ports: Pick<WebhookPorts, 'store' | 'pods' | 'clock' | 'logger'>,
    private readonly times: LookTimes,
  ) {}

  /** What can't be seen at the moment isn't among them: it is due again soon. Rejects with BatonError `unavailable`. */
  async look({ tenant }: WebhookTarget, looks: readonly DueLook[], nowMs: number): Promise<readonly LookOutcome[]> {
    const rows = await Promise.allSettled(looks.map(({ session }) => this.ports.store.get({ tenant, session })));
    const seen = looks.flatMap((look, at) => {
      const row = rows[at];
      return row?.status === 'fulfilled' ? [{ look, row: row.value }] : [];
    });
    this.noteUnreadable(tenant, rows.filter(isRejected));
    const holders = seen
      .flatMap(({ look, row }) => [look.pod, row?.pod])
      .filter((pod) => pod !== null && pod !== undefined);
    const living = await this.ports.pods.among([...new Set(holders)]);
    if (living === null) return [];
    return seen.map(({ look, row }) => ({
      look,
      verdict: decideLook(look, this.sightOf(look, row, living), nowMs, this.times),
    }));
  }

  private noteUnreadable(tenantId: TenantId, failures: readonly PromiseRejectedResult[]): void {
    this.unreadable += failures.length;
    const now = this.ports.clock.monotonic();
    if (failures.length === 0 || now - this.saidMs < SAID_MS) return;
    const error = failures[0]?.reason as unknown;
    this.ports.logger.warn('webhook.rows-unreadable', { tenantId, count: this.unreadable, error });
    this.unreadable = 0;
    this.saidMs = now;
  }

  private sightOf({ pod }: DueLook, row: SessionRow | null, living: ReadonlySet<PodId>): Sight {
    if (row === null) return { kind: 'gone', podLives: pod !== null && living.has(pod) };
    if (row.detached) return { kind: 'free', forMs: 0 };
    return living.has(row.pod) ? { kind: 'held', pod: row.pod } : { kind: 'free', forMs: this.times.silenceMs };
  }
}

function isRejected(result: PromiseSettledResult<unknown>): result is PromiseRejectedResult {
  return result.status === 'rejected';
}
