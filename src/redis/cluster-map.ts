import type { HostPort } from '../config/redis-config.js';
import { SLOTS } from './key-slot.js';

export interface SlotOwner {
  readonly place: HostPort;
  /** The same as text: nodes are known by it. */
  readonly address: string;
  /** Of two that claim a slot, the one with the higher configuration epoch has it. */
  readonly epoch: number;
}

/** By slot; a slot that nobody owns is missing. */
export type SlotMap = ReadonlyMap<number, SlotOwner>;

/**
 * What a node says of the cluster. `slots`: reply of CLUSTER SLOTS, with the addresses that clients are meant to use;
 * `nodes`: text of CLUSTER NODES, with the epochs; `asked`: the node itself, which may not know its own address.
 */
export function parseCluster(slots: unknown, nodes: string, asked: HostPort): SlotMap {
  const epochs = epochsOf(nodes);
  const map = new Map<number, SlotOwner>();
  for (const range of listOf(slots)) {
    const [start, end, master] = listOf(range);
    const [host, port, id] = listOf(master);
    const known = typeof host === 'string' && host !== '' && host !== '?';
    const place = { host: known ? host : asked.host, port: Number(port) };
    const owner = { place, address: addressOf(place), epoch: epochs.get(String(id)) ?? 0 };
    for (let slot = Number(start); slot <= Number(end) && slot < SLOTS; slot += 1) map.set(slot, owner);
  }
  return map;
}

/** `<id> <address> <flags> <master> <ping> <pong> <epoch> ...` */
function epochsOf(nodes: string): ReadonlyMap<string, number> {
  return new Map(
    nodes.split('\n').flatMap((line) => {
      const fields = line.split(' ');
      return fields.length < 8 ? [] : [[fields[0] ?? '', Number(fields[6])] as const];
    }),
  );
}

export interface SlotChange {
  readonly slot: number;
  readonly owner: SlotOwner;
}

/**
 * Which slots are with somebody else than was known. Whoever says so may be behind the times, such as a master that was
 * replaced while it was paused: a lower epoch doesn't count, unless the known owner has been away for so long that the
 * cluster may have been made anew (`gone`).
 */
export function changesOf(known: SlotMap, told: SlotMap, gone: (owner: SlotOwner) => boolean): readonly SlotChange[] {
  const changes: SlotChange[] = [];
  for (const [slot, owner] of told) {
    const before = known.get(slot);
    if (before && owner.epoch < before.epoch && !gone(before)) continue;
    if (before?.address !== owner.address) changes.push({ slot, owner });
  }
  return changes;
}

export const addressOf = ({ host, port }: HostPort): string => `${host}:${port}`;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
