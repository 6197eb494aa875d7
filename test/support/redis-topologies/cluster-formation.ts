import { eventually } from '../eventually.js';
import { viewOf } from './cluster-view.js';
import { infoOf, type RedisNode } from './redis-node.js';

const SLOTS = 16_384;

/** Makes a cluster of empty nodes; `buses` are their bus ports, masters first. Each master gets one replica. */
export async function formCluster(
  masters: readonly RedisNode[],
  replicas: readonly RedisNode[],
  buses: readonly number[],
): Promise<void> {
  const nodes = [...masters, ...replicas];
  await Promise.all(
    nodes.map(async (node, at) => {
      // Equal epochs are told apart one by one, each after a second.
      await node.admin.call('CLUSTER', 'SET-CONFIG-EPOCH', at + 1);
      const [first, last] = [
        Math.ceil((at * SLOTS) / masters.length),
        Math.ceil(((at + 1) * SLOTS) / masters.length) - 1,
      ];
      if (at < masters.length) await node.admin.call('CLUSTER', 'ADDSLOTSRANGE', first, last);
    }),
  );
  await meet(nodes, buses);
  await eventually('the nodes to know each other', () => everybodyKnows(nodes), { withinMs: 15_000 });
  await Promise.all(replicas.map((replica, at) => follow(replica, masters[at])));
  await eventually('the cluster to be whole', () => isWhole(nodes, replicas), { withinMs: 15_000 });
}

/** Everybody everybody: gossip alone takes seconds. */
async function meet(nodes: readonly RedisNode[], buses: readonly number[]): Promise<void> {
  await Promise.all(
    nodes.map(async (node, at) => {
      for (const [other, { port }] of nodes.entries())
        if (other > at) await node.admin.call('CLUSTER', 'MEET', '127.0.0.1', port, buses[other] ?? 0);
    }),
  );
}

async function everybodyKnows(nodes: readonly RedisNode[]): Promise<boolean> {
  const views = await Promise.all(nodes.map((node) => viewOf(node)));
  return views.every(
    (view) => view.length === nodes.length && view.every(({ flags, linked }) => linked && !flags.includes('handshake')),
  );
}

async function follow(replica: RedisNode, master: RedisNode | undefined): Promise<void> {
  await replica.admin.call('CLUSTER', 'REPLICATE', String(await master?.admin.call('CLUSTER', 'MYID')));
}

async function isWhole(nodes: readonly RedisNode[], replicas: readonly RedisNode[]): Promise<boolean> {
  const states = await Promise.all(nodes.map(async (node) => String(await node.admin.call('CLUSTER', 'INFO'))));
  if (!states.every((state) => state.includes('cluster_state:ok'))) return false;
  const links = await Promise.all(replicas.map((replica) => infoOf(replica, 'master_link_status')));
  if (!links.every((link) => link === 'up')) return false;
  const views = await Promise.all(nodes.map((node) => viewOf(node)));
  return views.every((view) => view.filter(({ flags }) => flags.includes('slave')).length === replicas.length);
}
