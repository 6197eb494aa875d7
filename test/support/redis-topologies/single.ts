import { join } from 'node:path';
import { makeTemporaryDirectory } from '../temporary-directory.js';
import { RedisNode } from './redis-node.js';
import { masterFaults, nobodyElse, type RedisTopology, type TopologyOptions } from './topology.js';
import { unusedPorts } from './unused-ports.js';

/** One server. */
export async function startSingle({ args = [] }: TopologyOptions = {}): Promise<RedisTopology> {
  const directory = await makeTemporaryDirectory('redis');
  const [port = 0] = await unusedPorts(1);
  const node = new RedisNode({ port, directory: join(directory.path, 'node'), args });
  const stop = async () => {
    await node.stop();
    await directory.remove();
  };
  try {
    await node.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    kind: 'single',
    config: { kind: 'single', url: node.url },
    environment: { BATON_REDIS_URL: node.url },
    nodes: [node],
    ...masterFaults(async () => node),
    masters: async () => [node],
    ...nobodyElse,
    stop,
  };
}
