import type { RedisNode } from './redis-node.js';
import type { RedisTopology } from './topology.js';

/** The ids of all messages that the masters of now have in their logs; only what `Traffic` publishes has one. */
export async function idsInLogs(topology: RedisTopology, keyPrefix: string): Promise<ReadonlySet<string>> {
  const masters = await topology.masters();
  return new Set((await Promise.all(masters.map((node) => idsOf(node, keyPrefix)))).flat());
}

async function idsOf(node: RedisNode, keyPrefix: string): Promise<readonly string[]> {
  const logs = await node.admin.keys(`${keyPrefix}*:log`);
  const entries = await Promise.all(logs.map((log) => node.admin.xrange(log, '-', '+')));
  return entries.flat().map(([, fields]) => (JSON.parse(fields.at(-1) ?? '') as { readonly uid: string }).uid);
}
