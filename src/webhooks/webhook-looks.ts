import type { PodId } from '../protocol/ids.js';
import type { SessionRow } from '../sessions/session-store.js';
import { decideLook, type AnnounceTimes, type Sight } from './announce-rule.js';
import type { DueLook, LookOutcome } from './webhook-ledger.js';
import type { WebhookPorts } from './webhook-ports.js';
import type { WebhookTarget } from './webhook-targets.js';

export interface LookTimes extends AnnounceTimes {
  /** How long a pod whose beat is gone counts as gone already; negative: it is waited for, beyond the grace. */
  readonly silenceMs: number;
}

/** Looks at the rows of sessions: they are the truth, whatever was reported. */
export class WebhookLooks {
  constructor(
    private readonly ports: Pick<WebhookPorts, 'ledger' | 'store' | 'pods' | 'logger'>,
    private readonly times: LookTimes,
  ) {}

  /** What can't be seen at the moment isn't among them: it is due again soon. Rejects with BatonError `unavailable`. */
  async look({ tenant }: WebhookTarget, looks: readonly DueLook[], nowMs: number): Promise<readonly LookOutcome[]> {
    const rows = await Promise.allSettled(looks.map(({ session }) => this.ports.store.get({ tenant, session })));
    const seen = looks.flatMap((look, at) => {
      const row = rows[at];
      if (row?.status === 'fulfilled') return [{ look, row: row.value }];
      this.ports.logger.warn('webhook.row-unreadable', { tenantId: tenant, error: row?.reason as unknown });
      return [];
    });
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

  private sightOf({ pod }: DueLook, row: SessionRow | null, living: ReadonlySet<PodId>): Sight {
    if (row === null) return { kind: 'gone', podLives: pod !== null && living.has(pod) };
    if (row.detached) return { kind: 'free', forMs: 0 };
    return living.has(row.pod) ? { kind: 'held', pod: row.pod } : { kind: 'free', forMs: this.times.silenceMs };
  }
}
