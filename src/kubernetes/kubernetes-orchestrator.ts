import type { DrainNews, Orchestrator } from '../fleet/orchestrator.js';
import type { Clock } from '../lib/clock.js';
import { DeadlineError, withDeadline } from '../lib/deadline.js';
import type { ApiServer } from './api-server.js';
import type { DeletionCost } from './deletion-cost.js';
import type { DrainLook } from './drain-look.js';
import type { OwnPod } from './own-pod.js';
import type { PodEvents } from './pod-events.js';
import type { ServiceEndpoints } from './service-endpoints.js';
import type { WatchedList } from './watched-list.js';

/** The process ends after the drain, whether or not somebody can be told so. */
const TOLD_WITHIN_MS = 1_000;

export interface OrchestratorParts {
  readonly api: Pick<ApiServer, 'close'>;
  readonly clock: Clock;
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
    const { drainLook, events, deletionCost } = this.parts;
    if (news.kind === 'began') {
      deletionCost?.stop();
      drainLook.start();
    }
    events?.tell(news);
  }

  start(): void {
    const { pod, endpoints, deletionCost } = this.parts;
    // For its uid, without which an Event isn't this pod's.
    void pod.look();
    void endpoints?.watch.run();
    deletionCost?.start();
  }

  /** Stops asking; what is still to be told has a second. Never rejects. */
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
