import { join } from 'node:path';
import { eventually } from '../eventually.js';
import { makeTemporaryDirectory } from '../temporary-directory.js';
import { formCluster } from './cluster-formation.js';
import { moveSlot } from './cluster-slots.js';
import { ownerOf, viewOf, type ClusterView } from './cluster-view.js';
import { RedisNode } from './redis-node.js';
import { cut, hostAndPort, listOf, masterFaults, type RedisTopology, type TopologyOptions } from './topology.js';
import { unusedPorts } from './unused-ports.js';

const MASTERS = 3;

export interface ClusterTopology extends RedisTopology {
  readonly kind: 'cluster';
  slotOf(key: string): Promise<number>;
  ownerOf(slot: number): Promise<RedisNode>;
  /** Moves one slot with its keys to this master, as redis-cli does. False if it is there already. */
  moveSlot(slot: number, to: RedisNode): Promise<boolean>;
}

/** Three masters with one replica each. A silent master is replaced within 4 s. */
export async function startCluster({ args = [] }: TopologyOptions = {}): Promise<ClusterTopology> {
  const directory = await makeTemporaryDirectory('cluster');
  const ports = await unusedPorts(4 * MASTERS);
  const nodes = ports.slice(0, 2 * MASTERS).map((port, at) => {
    const bus = ports[2 * MASTERS + at] ?? 0;
    const member = ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-node-timeout', '1000'];
    const replicas = ['--cluster-replica-validity-factor', '0', '--repl-diskless-sync-delay', '0'];
    return new RedisNode({
      port,
      directory: join(directory.path, String(port)),
      args: [...member, ...replicas, ...args],
    });
  });
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await directory.remove();
  };
  try {
    await Promise.all(nodes.map((node) => node.start()));
    await formCluster(nodes.slice(0, MASTERS), nodes.slice(MASTERS), ports.slice(2 * MASTERS));
    return assembled(nodes, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

function assembled(nodes: readonly RedisNode[], stop: () => Promise<void>): ClusterTopology {
  const ownerOfSlot = (slot: number) =>
    eventually(`a majority that agrees on the master of slot ${slot}`, async () => {
      const views = await viewsOf(nodes);
      const owners = views.map((view) => ownerOf(view, slot)?.port);
      const most = nodes.find(({ port }) => owners.filter((owner) => owner === port).length > nodes.length / 2);
      return most;
    });
  const masterOf = async (key: string) => ownerOfSlot(await slotOf(nodes, key));
  return {
    kind: 'cluster',
    config: { kind: 'cluster', nodes: nodes.map(({ port }) => hostAndPort(port)) },
    environment: { BATON_REDIS_CLUSTER_NODES: listOf(nodes.map(({ port }) => port)) },
    nodes,
    ...masterFaults(masterOf),
    masters: () => mastersOf(nodes),
    waitForPromotion: (key, instead) =>
      eventually(
        `another master for ${key} than that of port ${instead.port}`,
        async () => {
          const master = await masterOf(key);
          return master !== instead && master;
        },
        { withinMs: 15_000 },
      ),
    cutReplicas: async (master) => cut(master, await replicasOf(nodes, master)),
    async failOver(key) {
      const master = await masterOf(key);
      const [replica] = await replicasOf(nodes, master);
      await replica?.admin.call('CLUSTER', 'FAILOVER');
      return master;
    },
    slotOf: (key) => slotOf(nodes, key),
    ownerOf: ownerOfSlot,
    moveSlot: (slot, to) => moveSlot(nodes, slot, to),
    stop,
  };
}

async function mastersOf(nodes: readonly RedisNode[]): Promise<readonly RedisNode[]> {
  const [view] = await viewsOf(nodes);
  const ports = new Set(view?.filter(({ slots }) => slots.length > 0).map(({ port }) => port));
  return nodes.filter(({ port }) => ports.has(port));
}

async function replicasOf(nodes: readonly RedisNode[], master: RedisNode): Promise<readonly RedisNode[]> {
  const view = await viewOf(master);
  const id = view.find(({ flags }) => flags.includes('myself'))?.id;
  const ports = view.flatMap(({ masterId, port }) => (masterId === id ? [port] : []));
  return nodes.filter(({ port }) => ports.includes(port));
}

/** Of those that answer: a paused or killed one has none. */
async function viewsOf(nodes: readonly RedisNode[]): Promise<readonly ClusterView[]> {
  const asked = nodes.filter(({ breathing }) => breathing);
  return Promise.all(asked.map((node) => viewOf(node)));
}

async function slotOf(nodes: readonly RedisNode[], key: string): Promise<number> {
  const node = nodes.find(({ breathing }) => breathing);
  if (!node) throw new Error('no node of the cluster is running');
  return Number(await node.admin.call('CLUSTER', 'KEYSLOT', key));
}
