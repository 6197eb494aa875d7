import { describe, expect, it } from '@jest/globals';
import { changesOf, parseCluster, type SlotMap } from '../../src/redis/cluster-map.js';
import { slotOf } from '../../src/redis/key-slot.js';

const asked = { host: '10.0.0.9', port: 7000 };
const line = (id: string, epoch: number) => `${id} 10.0.0.1:7001@17001 master - 0 0 ${epoch} connected 0-1\n`;

function mapOf(port: number, epoch: number): SlotMap {
  return parseCluster([[0, 1, ['10.0.0.1', port, 'a']]], line('a', epoch), asked);
}
const owner = (port: number, epoch: number, host = '10.0.0.1') => ({
  place: { host, port },
  address: `${host}:${port}`,
  epoch,
});
const never = () => false;

describe('the slot of a key', () => {
  it.each([
    ['123456789', 12_739],
    ['foo', 12_182],
    ['', 0],
  ])('of %j is the one that Redis says', (key, slot) => {
    expect(slotOf(key)).toBe(slot);
  });

  it('is that of its hash tag: the first, up to the first brace that closes it, unless it is empty', () => {
    expect(slotOf('b:{acme/c/room}:log')).toBe(slotOf('acme/c/room'));
    expect(slotOf('{user1000}.following')).toBe(slotOf('{user1000}.followers'));
    expect(slotOf('foo{{bar}}zap')).toBe(slotOf('{bar'));
    expect(slotOf('foo{bar}{zap}')).toBe(slotOf('bar'));
    expect(slotOf('foo{}{bar}')).not.toBe(slotOf('bar'));
    expect(slotOf('foo{bar')).not.toBe(slotOf('bar'));
    expect(slotOf('{Zürich}')).toBe(slotOf('Zürich'));
  });
});

describe('what a node says of the cluster', () => {
  it('has addresses by slot; who does not know its own is the one that was asked', () => {
    const slots = [
      [0, 1, ['10.0.0.1', 7001, 'a', []], ['10.0.0.5', 7005, 'r']],
      [2, 2, ['', 7002, 'b']],
      [3, 3, [null, 7003, 'c']],
    ];
    const map = parseCluster(slots, line('a', 4) + line('b', 5), asked);
    expect([...map]).toEqual([
      [0, owner(7001, 4)],
      [1, owner(7001, 4)],
      [2, owner(7002, 5, '10.0.0.9')],
      [3, owner(7003, 0, '10.0.0.9')],
    ]);
  });

  it('is no news if it is what was known', () => {
    expect(changesOf(mapOf(7001, 3), mapOf(7001, 4), never)).toEqual([]);
  });

  it('moves slots if its epoch is as high or higher', () => {
    for (const epoch of [3, 4]) {
      const changes = changesOf(mapOf(7001, 3), mapOf(7002, epoch), never);
      expect(changes).toEqual([0, 1].map((slot) => ({ slot, owner: owner(7002, epoch) })));
    }
  });

  it('does not move them back for a master that has missed its replacement', () => {
    expect(changesOf(mapOf(7002, 4), mapOf(7001, 3), never)).toEqual([]);
  });

  it('is believed all the same when the known owner has been gone for long', () => {
    expect(changesOf(mapOf(7002, 4), mapOf(7001, 1), ({ place: { port } }) => port === 7002)).toHaveLength(2);
  });
});
