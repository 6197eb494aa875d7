import { beforeEach, describe, expect, it } from '@jest/globals';
import { PresenceRoom } from '../../src/messaging/presence-room.js';
import type { Member, PresenceList } from '../../src/messaging/presence-store.js';
import { asChannelName, asPodId, asSessionId, asUserId, type PodId } from '../../src/protocol/ids.js';
import { settle } from '../support/manual-clock.js';

const memberOf = (session: string, pod = 'p'): Member => ({
  ...{ session: asSessionId(session), user: asUserId('u'), since: 1, pod: asPodId(pod) },
});

let redis: PresenceList;
let reads: number;
let readable: boolean;
let dead: Set<PodId>;
let room: PresenceRoom;
let told: string[];
const watcher = {
  whenReady: (_channel: unknown, run: () => void) => {
    run();
  },
  tell: ({ event, entries, more }: Parameters<Parameters<PresenceRoom['watch']>[0]['tell']>[0]) => {
    told.push([event, ...entries.map(({ session }) => session), ...(more === true ? ['...'] : [])].join(' '));
  },
};

beforeEach(() => {
  redis = { changes: 0, members: [] };
  [reads, readable, told] = [0, true, []];
  dead = new Set();
  room = new PresenceRoom(asChannelName('room'), {
    read: async () => {
      reads += 1;
      if (!readable) throw new Error('Redis is away');
      return Promise.resolve(redis);
    },
    isAlive: (pod) => !dead.has(pod),
    saw: (pod) => dead.delete(pod),
    removed: () => undefined,
    failed: () => undefined,
  });
});

async function watched(...sessions: readonly string[]): Promise<void> {
  redis = { changes: sessions.length, members: sessions.map((session) => memberOf(session)) };
  room.watch(watcher, sessions.length);
  await settle();
  told.splice(0);
}

describe('a watcher', () => {
  it('gets a snapshot that has at least its own entry', async () => {
    await watched('a');
    room.watch(watcher, 2);
    expect(told).toEqual([]);
    room.hear('p 2 b u 1 p');
    expect(told).toEqual(['join b', 'snapshot a b']);
  });

  it('gets one also when Redis counts anew meanwhile', async () => {
    redis = { changes: 1, members: [memberOf('a')] };
    room.watch(watcher, 57);
    await settle();
    expect(told).toEqual(['snapshot a']);
  });

  it('gets a large one in parts', async () => {
    redis = { changes: 450, members: Array.from({ length: 450 }, (_, at) => memberOf(`s${at}`)) };
    room.watch(watcher, 1);
    await settle();
    expect(told.map((text) => [text.split(' ').length, text.endsWith('...')])).toEqual([
      [202, true],
      [202, true],
      [51, false],
    ]);
  });
});

describe('a change', () => {
  it('that is the next is told without reading', async () => {
    await watched('a');
    room.hear('p 2 b u 1 p');
    room.hear('l 3 a');
    expect(told).toEqual(['join b', 'leave a']);
    expect(reads).toBe(1);
  });

  it('of owner is told to nobody', async () => {
    await watched('a');
    room.hear('p 2 a u 1 q');
    expect(told).toEqual([]);
    expect([...room.pods]).toEqual(['q']);
  });

  it.each([
    ['that is not the next', 'l 4 a'],
    ['of an earlier number', 'l 1 a'],
  ])('%s makes it read again, and the difference is told', async (_what, message) => {
    await watched('a', 'b');
    redis = { changes: 4, members: [memberOf('b'), memberOf('c')] };
    room.hear(message);
    await settle();
    expect(told).toEqual(['leave a', 'join c']);
  });

  it('that cannot be read is read later', async () => {
    await watched('a');
    readable = false;
    room.hear('l 9 a');
    await settle();
    expect([room.stale, told]).toEqual([true, []]);
    readable = true;
    redis = { changes: 9, members: [] };
    room.readAgain();
    await settle();
    expect([room.stale, told]).toEqual([false, ['leave a']]);
  });

  it.each([
    ['the first time', false],
    ['again', true],
  ])('that is told while it is read %s is not lost under the older list', async (_when, isKnown) => {
    if (isKnown) await watched('a');
    redis = { changes: 1, members: [memberOf('a')] };
    room.watch(watcher, isKnown ? 2 : 1);
    room.hear('p 1 a u 1 p');
    room.hear('p 2 b u 1 p');
    await settle();
    expect(told.at(-1)).toBe('snapshot a b');
    expect(told).not.toContain('leave b');
    room.hear('l 3 b');
    expect([told.at(-1), reads]).toEqual(['leave b', isKnown ? 2 : 1]);
  });

  it('that is missed while it is read makes it read once more', async () => {
    redis = { changes: 1, members: [memberOf('a')] };
    room.watch(watcher, 1);
    room.hear('p 3 c u 1 p');
    redis = { changes: 3, members: [memberOf('b'), memberOf('c')] };
    await settle();
    expect([reads, told.at(-1)]).toEqual([2, expect.stringContaining('c')]);
  });

  it('of a newer version is passed over', async () => {
    await watched('a');
    room.hear('z 2 b');
    room.hear('nonsense');
    expect([reads, told]).toEqual([1, []]);
  });
});

describe('a pod that dies', () => {
  it('takes its sessions along, and brings them back', async () => {
    await watched('a', 'b');
    room.hear('p 3 b u 1 q');
    dead.add(asPodId('q'));
    room.show();
    room.show();
    expect(told).toEqual(['leave b']);
    dead.clear();
    room.show();
    expect(told).toEqual(['leave b', 'join b']);
  });
});
