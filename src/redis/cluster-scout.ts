import type { Redis } from 'ioredis';
import type { HostPort, RedisConfig } from '../config/redis-config.js';
import type { Clock } from '../lib/clock.js';
import { parseCluster, type SlotMap } from './cluster-map.js';
import { readAccess } from './redis-access.js';
import { closeClient, openClient } from './redis-client.js';

/** Asks a node who has which slots. */
export class ClusterScout {
  constructor(
    private readonly config: RedisConfig,
    private readonly clock: Clock,
  ) {}

  /** `open`: a connection to it that is there anyway. Rejects if it doesn't answer, or knows of no slots. */
  async ask(place: HostPort, open: Redis | null): Promise<SlotMap> {
    if (open) return questionsTo(open, place);
    const { config } = this;
    const client = await openClient(place, await readAccess(config), 'cluster', config, this.clock);
    try {
      return await questionsTo(client, place);
    } finally {
      closeClient(client);
    }
  }
}

async function questionsTo(client: Redis, place: HostPort): Promise<SlotMap> {
  const [slots, nodes] = await Promise.all([client.cluster('SLOTS'), client.call('CLUSTER', 'NODES')]);
  const map = parseCluster(slots, String(nodes), place);
  if (map.size === 0) throw new Error(`${place.host}:${place.port} knows of no slots`);
  return map;
}
