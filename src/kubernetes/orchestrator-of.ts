import type { KubernetesConfig, PodConfig } from '../config/config.js';
import type { Clock } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import { ApiServer } from './api-server.js';
import { Complaints } from './complaints.js';
import { DeletionCost } from './deletion-cost.js';
import { DrainLook } from './drain-look.js';
import { KubernetesOrchestrator } from './kubernetes-orchestrator.js';
import { OwnDeployment } from './own-deployment.js';
import { OwnPod } from './own-pod.js';
import { PodEvents } from './pod-events.js';
import { ServiceEndpoints } from './service-endpoints.js';
import { WatchedList, watchTimes, type WatchTimes } from './watched-list.js';

export interface OrchestratorConfig {
  readonly kubernetes: KubernetesConfig;
  readonly pod: Pick<PodConfig, 'name' | 'node'>;
}

export interface KubernetesPorts {
  readonly connections: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly random?: () => number;
  /** Shorter for tests. */
  readonly times?: WatchTimes;
}

/** Puts together what the configuration asks for. */
export function orchestratorOf(
  { kubernetes, pod }: OrchestratorConfig,
  { connections, clock, logger, metrics, random = Math.random, times = watchTimes }: KubernetesPorts,
): KubernetesOrchestrator {
  const namespace = kubernetes.namespace ?? 'default';
  const { service, deployment } = kubernetes;
  const api = new ApiServer(kubernetes, clock);
  const complaints = new Complaints(logger);
  const ownPod = new OwnPod({ namespace, name: pod.name }, api, complaints);
  const own = deployment === null ? null : new OwnDeployment({ namespace, name: deployment }, api, complaints);
  const reporter = { namespace, name: pod.name, node: pod.node, uid: () => ownPod.uid() };
  // After a silence there is time to connect again before what was heard becomes unknown.
  const staleMs = times.silenceMs + 2 * times.answerMs;
  const known =
    service === null ? null : new ServiceEndpoints({ namespace, service, staleMs }, clock, complaints, metrics);
  return new KubernetesOrchestrator({
    api,
    clock,
    logger,
    pod: ownPod,
    drainLook: new DrainLook({ pod: ownPod, deployment: own, clock, logger, random }),
    endpoints: known && { known, watch: new WatchedList(known, { api, clock, random }, times) },
    events: kubernetes.events === 'true' ? new PodEvents(reporter, api, clock, complaints) : null,
    deletionCost:
      kubernetes.deletionCost === 'true' ? new DeletionCost({ pod: ownPod, connections, clock, logger }, random) : null,
  });
}
