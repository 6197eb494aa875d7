import type { Clock } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import { BehindSentinel } from './behind-sentinel.js';
import { ClusterTopology } from './cluster-topology.js';
import { parseRedisUrl } from './redis-access.js';
import { RoutedCommands } from './redis-commands.js';
import type { NodeContext, RedisConnectionConfig } from './redis-node.js';
import type { RedisCommands, RedisSubscriber } from './redis-ports.js';
import { RoutedSubscriber } from './redis-subscriber.js';
import { loadScripts } from './scripts.js';
import { OneServer, type Topology } from './topology.js';

export type { RedisConnectionConfig } from './redis-node.js';

/** A pod's access to Redis, put together: it is shut until `start`, and reconnects until `close`. */
export class RedisConnection {
  readonly commands: RedisCommands;
  readonly subscriber: RedisSubscriber;
  private readonly topology: Topology;

  constructor(config: RedisConnectionConfig, clock: Clock, logger: Logger) {
    this.topology = topologyOf({ config, clock, logger });
    this.commands = new RoutedCommands(this.topology, loadScripts(), clock);
    this.subscriber = new RoutedSubscriber(this.topology, clock, config.commandTimeoutMs);
  }

  /** Resolves when Redis was reached or the first try has failed; later ones follow by themselves. */
  start(): Promise<void> {
    return this.topology.start();
  }

  close(): void {
    this.topology.close();
  }
}

function topologyOf(context: NodeContext): Topology {
  const { topology } = context.config;
  switch (topology.kind) {
    case 'single': {
      // Where it is, and no more: it is logged, and a URL may have a password.
      const { host, port } = parseRedisUrl(topology.url);
      return new OneServer(context, () => Promise.resolve({ host, port }));
    }
    case 'sentinel':
      return new BehindSentinel(context, topology);
    case 'cluster':
      return new ClusterTopology(context, topology.nodes);
  }
}
