import { afterEach, describe, expect, it } from '@jest/globals';
import type { RedisNode } from '../support/redis-topologies/redis-node.js';
import type { RedisTopology } from '../support/redis-topologies/topology.js';
import { startTopology, type TopologyKind } from '../support/redis-topologies/with-topology.js';
import { eventually } from '../support/eventually.js';

const started: RedisTopology[] = [];
async function start<Kind extends TopologyKind>(kind: Kind) {
  const beganMs = performance.now();
  const topology = await startTopology(kind);
  started.push(topology);
  console.log(`${kind} started in ${Math.round(performance.now() - beganMs)} ms`);
  return topology;
}
afterEach(async () => {
  for (const topology of started.splice(0)) await topology.stop();
});

const write = (node: RedisNode, key: string, value: string) => node.admin.set(key, value);

async function follows(node: RedisNode, master: RedisNode, value: string): Promise<void> {
  await write(master, 'k', value);
  await eventually('the old master to follow', async () => (await node.admin.get('k')) === value, { withinMs: 15_000 });
}

describe('a Sentinel set', () => {
  it('replaces a killed master by a replica with its data, and takes it back as a replica', async () => {
    const topology = await start('sentinel');
    const first = await topology.masterOf('k');
    await write(first, 'k', 'one');
    await first.admin.wait(2, 1_000);
    expect(await topology.killMaster('k')).toBe(first);
    const second = await topology.waitForPromotion('k', first);
    expect(await second.admin.get('k')).toBe('one');
    await first.start();
    await follows(first, second, 'two');
  });
});

describe('a Cluster', () => {
  it('replaces a killed master, and moves slots with their keys', async () => {
    const topology = await start('cluster');
    expect(await topology.masters()).toHaveLength(3);
    const killed = await topology.killMaster('{a}k');
    const next = await topology.waitForPromotion('{a}k', killed);
    await eventually('the new master to write', () => write(next, '{a}k', 'kept'));
    const other = (await topology.masters()).find((node) => node !== next && node !== killed);
    if (!other) throw new Error('no other master');
    await topology.moveSlot(await topology.slotOf('{a}k'), other);
    expect(await other.admin.get('{a}k')).toBe('kept');
    await expect(next.admin.get('{a}k')).rejects.toThrow(/^MOVED/);
    expect(await topology.masterOf('{a}k')).toBe(other);
  });
});

describe('a single server', () => {
  it('comes back where it was', async () => {
    const topology = await start('single');
    const killed = await topology.killMaster('k');
    await killed.start();
    expect(await write(killed, 'k', 'back')).toBe('OK');
  });
});
