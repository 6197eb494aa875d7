import type { RedisNode } from './redis-node.js';

/** What one node of a cluster believes. */
export type ClusterView = readonly ClusterMember[];

export interface ClusterMember {
  readonly id: string;
  readonly port: number;
  readonly flags: readonly string[];
  /** `-` for a master. */
  readonly masterId: string;
  /** First and last of each range, both included. */
  readonly slots: readonly (readonly [first: number, last: number])[];
  readonly linked: boolean;
}

export async function viewOf(node: RedisNode): Promise<ClusterView> {
  const text = String(await node.admin.call('CLUSTER', 'NODES'));
  return text.split('\n').filter(Boolean).map(memberOf);
}

/** `id host:port@bus flags master ping pong epoch link slot slot-slot [slot->-id]` */
function memberOf(line: string): ClusterMember {
  const [id = '', address = '', flags = '', masterId = '', , , , link = '', ...slots] = line.split(' ');
  return {
    id,
    port: Number(/:(\d+)@/.exec(address)?.[1]),
    flags: flags.split(','),
    masterId,
    slots: slots.filter((each) => !each.startsWith('[')).map(rangeOf),
    linked: link === 'connected',
  };
}

function rangeOf(text: string): readonly [number, number] {
  const [first = 0, last = first] = text.split('-').map(Number);
  return [first, last];
}

export function ownerOf(view: ClusterView, slot: number): ClusterMember | undefined {
  return view.find(({ slots }) => slots.some(([first, last]) => first <= slot && slot <= last));
}
