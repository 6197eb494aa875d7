import type { DrainNews, Orchestrator } from '../fleet/orchestrator.js';
import type { Clock } from '../lib/clock.js';
import { DeadlineError, withDeadline } from '../lib/deadline.js';
import type { Logger } from '../observability/logger.js';
import type { ApiServer } from './api-server.js';
import type { DeletionCost } from './deletion-cost.js';
import type { DrainLook } from './drain-look.js';
import type { OwnPod } from './own-pod.js';
import type { PodEvents } from './pod-events.js';
import type { ServiceEndpoints } from './service-endpoints.js';
import type { WatchedList } from './watched-list.js';

/** The process ends after the drain, whether or not somebody can be told so. */
const TOLD_WITHIN_MS = 2_000;

export interface OrchestratorParts {
  readonly api: Pick<ApiServer, 'close'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pod: OwnPod;
  readonly drainLook: DrainLook;
  /** Null: what the configuration leaves out. */
  readonly endpoints: { readonly known: ServiceEndpoints; readonly watch: WatchedList } | null;
  readonly events: PodEvents | null;
  readonly deletionCost: DeletionCost | null;
}

/** The fleet's port to the API server: what is known of it at the moment, and never a wait for it. */
export class KubernetesOrchestrator implements Orchestrator {
  constructor(private readonly parts: OrchestratorParts) {}

  get wanted(): number | null {
    return this.parts.drainLook.wanted;
  }
  get graceMs(): number | null {
    return this.parts.drainLook.graceMs;
  }
  routesTo(podName: string): boolean | null {
    return this.parts.endpoints?.known.leadsTo(podName) ?? null;
  }

  tell(news: DrainNews): void {
    const { drainLook, endpoints, events, deletionCost, logger } = this.parts;
    if (news.kind === 'began') {
      logger.info('kubernetes.drain-began', { endpoints: endpoints?.known.size ?? null });
      deletionCost?.stop();
      drainLook.start();
    }
    events?.tell(news);
  }

  start(): void {
    const { pod, endpoints, deletionCost } = this.parts;
    // What is wrong with the permissions is then said at the start, not in the first drain.
    void pod.look();
    void endpoints?.watch.run();
    deletionCost?.start();
  }

  /** Stops asking; what is still to be told has two seconds. Never rejects. */
  async stop(): Promise<void> {
    const { api, clock, drainLook, endpoints, events, deletionCost } = this.parts;
    drainLook.stop();
    deletionCost?.stop();
    endpoints?.watch.stop();
    try {
      if (events !== null) await withDeadline(clock, 'telling the last Events', TOLD_WITHIN_MS, events.flush());
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
    }
    events?.stop();
    api.close();
  }
}
