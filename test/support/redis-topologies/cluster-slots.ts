import { ownerOf, viewOf } from './cluster-view.js';
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
  const owner = ownerOf(view, slot);
  const from = nodes.find(({ port }) => port === owner?.port);
  const target = view.find(({ port }) => port === to.port);
  if (!owner || !from || !target) throw new Error(`nobody serves slot ${slot}`);
  await to.admin.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', owner.id);
  await from.admin.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', target.id);
  return {
    moveKeys: () => moveKeys(slot, from, to),
    async finish() {
      // The receiver first, so that nobody points at one who denies.
      const masters = view.filter(({ slots }) => slots.length > 0).map(({ port }) => port);
      const others = nodes.filter((node) => node !== to && node !== from && masters.includes(node.port));
      for (const node of [to, from, ...others]) await node.admin.call('CLUSTER', 'SETSLOT', slot, 'NODE', target.id);
    },
  };
}

export async function moveSlot(nodes: readonly RedisNode[], slot: number, to: RedisNode): Promise<void> {
  const owner = ownerOf(await viewOf(to), slot);
  if (owner?.port === to.port) return;
  const move = await beginSlotMove(nodes, slot, to);
  await move.moveKeys();
  await move.finish();
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
