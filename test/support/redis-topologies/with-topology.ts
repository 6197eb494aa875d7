import { startCluster, type ClusterTopology } from './cluster.js';
import { PortTaken } from './redis-node.js';
import { startSentinel, type SentinelTopology } from './sentinel.js';
import { startSingle } from './single.js';
import type { RedisTopology, TopologyOptions } from './topology.js';
import { whileTestsRun } from '../while-tests-run.js';

interface TopologyOf {
  readonly single: RedisTopology;
  readonly sentinel: SentinelTopology;
  readonly cluster: ClusterTopology;
}
export type TopologyKind = keyof TopologyOf;

export const TOPOLOGIES: readonly TopologyKind[] = ['single', 'sentinel', 'cluster'];

const starts: { readonly [Kind in TopologyKind]: (options?: TopologyOptions) => Promise<TopologyOf[Kind]> } = {
  single: startSingle,
  sentinel: startSentinel,
  cluster: startCluster,
};

/** Always its own servers: they are there to be broken. Whoever starts it stops it. */
export async function startTopology<Kind extends TopologyKind>(
  kind: Kind,
  options: TopologyOptions = {},
): Promise<TopologyOf[Kind]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await starts[kind](options);
    } catch (error) {
      // Between asking for unused ports and taking them, another test may have taken one.
      if (!(error instanceof PortTaken) || attempt === 5) throw error;
    }
  }
}

/** One for the tests of a file (or of a `describe`). The function throws outside of a test's life. */
export function withTopology<Kind extends TopologyKind>(
  kind: Kind,
  options: TopologyOptions = {},
): () => TopologyOf[Kind] {
  return whileTestsRun(
    () => startTopology(kind, options),
    (running) => running.stop(),
  );
}
