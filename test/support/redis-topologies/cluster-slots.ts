import { eventually } from '../eventually.js';
import { ownerOf, viewOf, type ClusterMember } from './cluster-view.js';
import type { RedisNode } from './redis-node.js';

const KEYS_AT_ONCE = 20;
const MIGRATE_MS = 5_000;

export interface SlotMove {
  /** Between this and `finish` the slot's keys are here and there: ASK, TRYAGAIN. */
  moveKeys(): Promise<number>;
  finish(): Promise<void>;
}

/** Declares the move; nothing has moved yet. */
export async function beginSlotMove(nodes: readonly RedisNode[], slot: number, to: RedisNode): Promise<SlotMove> {
  const view = await viewOf(to);
  const [owner, from] = await servedBy(nodes, slot, to);
  const target = view.find(({ port }) => port === to.port);
  if (!target) throw new Error('a node that does not know itself');
  await to.admin.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', owner.id);
  await from.admin.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', target.id);
  return {
    moveKeys: () => moveKeys(slot, from, to),
    async finish() {
      // The receiver first, so that nobody points at one who denies.
      const masters = view.filter(({ slots }) => slots.length > 0).map(({ port }) => port);
      const others = nodes.filter((node) => node !== to && node !== from && masters.includes(node.port));
      const settle = (node: RedisNode) => node.admin.call('CLUSTER', 'SETSLOT', slot, 'NODE', target.id);
      await settle(to);
      await Promise.all([from, ...others].map(settle));
    },
  };
}

/** False if it is there already. */
export async function moveSlot(nodes: readonly RedisNode[], slot: number, to: RedisNode): Promise<boolean> {
  const [, from] = await servedBy(nodes, slot, to);
  if (from === to) return false;
  const move = await beginSlotMove(nodes, slot, to);
  await move.moveKeys();
  await move.finish();
  return true;
}

/** Who says so of itself: what others say may be news of a moment ago. */
async function servedBy(
  nodes: readonly RedisNode[],
  slot: number,
  to: RedisNode,
): Promise<readonly [ClusterMember, RedisNode]> {
  return eventually(`one server of slot ${slot}`, async () => {
    const named = ownerOf(await viewOf(to), slot);
    const node = nodes.find(({ port }) => port === named?.port);
    if (!node) return null;
    const owner = ownerOf(await viewOf(node), slot);
    return owner?.port === node.port ? ([owner, node] as const) : null;
  });
}

/** Returns how many. */
async function moveKeys(slot: number, from: RedisNode, to: RedisNode): Promise<number> {
  for (let moved = 0; ;) {
    const keys = (await from.admin.call('CLUSTER', 'GETKEYSINSLOT', slot, KEYS_AT_ONCE)) as readonly string[];
    if (keys.length === 0) return moved;
    await from.admin.call('MIGRATE', '127.0.0.1', to.port, '', 0, MIGRATE_MS, 'KEYS', ...keys);
    moved += keys.length;
  }
}
