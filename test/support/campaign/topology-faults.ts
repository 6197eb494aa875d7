import { eventually } from '../eventually.js';
import { nowUs } from '../judge/records.js';
import type { RedisNode } from '../redis-topologies/redis-node.js';
import type { RedisTopology } from '../redis-topologies/topology.js';
import { podFaults } from './pod-faults.js';
import { connectionFaults } from './redis-faults.js';
import { pause, type Fault, type Scene } from './scene.js';

/** A replica follows this closely, on a machine that does other things, too, in us. */
const behindUs = 3_000_000;

/** A master is replaced. What it had acknowledged and not passed on is lost: that is what a failover may cost. */
export const topologyFaults = {
  /** SIGKILL; it comes back as a replica. */
  'master killed': (scene) =>
    failOver(
      scene,
      (topology, key) => topology.killMaster(key),
      (master) => master.start(),
    ),

  /** It is frozen until another has taken its place, and then goes on. */
  'master paused': (scene) =>
    failOver(
      scene,
      (topology, key) => topology.pauseMaster(key),
      (master) => {
        master.resume();
        return Promise.resolve();
      },
    ),
} as const satisfies Record<string, Fault>;

const { 'pod killed': killed, 'pod paused': paused, 'pod stutters': stutters } = podFaults;
const { 'subscribers cut': cut, 'scripts forgotten': forgotten } = connectionFaults;

/** Faults that need no way of ours between a pod and its Redis. */
export const wayless = {
  'pod killed': killed,
  'pod paused': paused,
  'pod stutters': stutters,
  'subscribers cut': cut,
  'scripts forgotten': forgotten,
} as const satisfies Record<string, Fault>;

async function failOver(
  scene: Scene,
  take: (topology: RedisTopology, key: string) => Promise<RedisNode>,
  giveBack: (master: RedisNode) => Promise<void>,
): Promise<void> {
  const topology = topologyOf(scene);
  // On a Cluster each key has a master of its own.
  const key = `{${scene.dice.between(1, 1_000_000)}}`;
  const sinceUs = nowUs() - behindUs;
  const master = await take(topology, key);
  try {
    await topology.waitForPromotion(key, master);
  } finally {
    await giveBack(master);
  }
  await eventually('the old master to follow', () => isReplica(master), { withinMs: 30_000, everyMs: 200 });
  await scene.notes.note('Redis', { kind: 'rewound', stream: '*', sinceUs });
  await pause(1_000);
}

async function isReplica({ admin }: RedisNode): Promise<boolean> {
  const [role, , , state] = (await admin.role()) as unknown as readonly unknown[];
  return role === 'slave' && state === 'connected';
}

function topologyOf({ stage }: Scene): RedisTopology {
  if (stage.topology === null) throw new Error('there is one server only, and nobody to replace it');
  return stage.topology;
}
