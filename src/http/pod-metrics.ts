import type { ConnectionRegistry } from '../connections/connection-registry.js';
import type { DrainCoordinator } from '../draining/drain-coordinator.js';
import { drainPhases } from '../draining/drain-phase.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Metrics } from '../observability/metrics.js';

export interface PodParts {
  readonly connections: Pick<ConnectionRegistry, 'size'>;
  readonly fleet: Pick<Fleet, 'peers'>;
  readonly redis: { readonly healthy: boolean };
  readonly drain: Pick<DrainCoordinator, 'status'>;
}

/** Reads what other parts know anyway whenever the metrics are asked for. */
export function sampleAtScrape(metrics: Metrics, { connections, fleet, redis, drain }: PodParts): void {
  let forcedBefore = 0;
  metrics.onScrape(() => {
    metrics.connections.set(connections.size);
    metrics.redisUp.set(redis.healthy ? 1 : 0);
    metrics.peers.reset();
    for (const { state, revision } of fleet.peers()) metrics.peers.inc({ state, revision });
    const { phase, remaining, forced } = drain.status();
    for (const known of drainPhases) metrics.drainPhase.set({ phase: known }, known === phase ? 1 : 0);
    metrics.drainRemainingConnections.set(phase === 'serving' ? 0 : remaining);
    metrics.drainForcedCloses.inc(forced - forcedBefore);
    forcedBefore = forced;
  });
}
