import type { HostPort, RedisTopology } from '../config/redis-config.js';
import { FailoverWatch } from './failover-watch.js';
import type { NodeContext } from './redis-node.js';
import { Sentinels } from './sentinels.js';
import { OneServer } from './topology.js';

/** The master that sentinels name. */
export class BehindSentinel extends OneServer {
  private readonly watch: FailoverWatch;

  constructor(context: NodeContext, { sentinels, name }: Extract<RedisTopology, { kind: 'sentinel' }>) {
    const { config, clock, logger } = context;
    const asked = new Sentinels(config, sentinels, name, clock);
    super(context, () => asked.master());
    // The last step: a master that was paused answers what it was asked before, when it has long been replaced.
    this.nodes[0].link.prepare(async ({ place }) => {
      const master = await asked.master();
      if (!samePlace(place, master)) throw new Error(`the master is ${master.host}:${master.port} by now`);
    });
    this.watch = new FailoverWatch(asked, sentinels, (place) => this.follow(place), clock, logger);
  }

  override async start(): Promise<void> {
    await super.start();
    this.watch.start();
  }

  override close(): void {
    this.watch.close();
    super.close();
  }

  private follow(master: HostPort): void {
    const [{ link }] = this.nodes;
    const { place } = link;
    if (place === null || samePlace(place, master)) return;
    link.lose(`the master is ${master.host}:${master.port} now`);
  }
}

function samePlace(one: HostPort, other: HostPort): boolean {
  return one.host === other.host && one.port === other.port;
}
