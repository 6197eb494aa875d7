import { beforeEach, expect, it } from '@jest/globals';
import { MemoryPresenceStore } from '../../src/messaging/memory-presence-store.js';
import { PresenceRooms } from '../../src/messaging/presence-rooms.js';
import type { PresenceStore } from '../../src/messaging/presence-store.js';
import { SessionPresence } from '../../src/messaging/session-presence.js';
import type { ServerFrame } from '../../src/protocol/frames.js';
import { asChannelName, asConnectionId, asPodId, asSessionId, asTenantId, asUserId } from '../../src/protocol/ids.js';
import type { PodId } from '../../src/protocol/ids.js';
import { RedisKeys, type PresenceKeys } from '../../src/redis/keys.js';
import { MemoryChannels } from '../../src/streams/memory-channels.js';
import { MemoryKeyspace } from '../../src/streams/memory-keyspace.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { silentLogger } from '../support/silent-logger.js';

const MOST = 130;
const [here, crashed] = [asPodId('here'), asPodId('crashed')];
const room = asChannelName('room');

let clock: ManualClock;
let store: MemoryPresenceStore;
let keys: PresenceKeys;
let rooms: PresenceRooms;
let gone: Set<PodId>;
/** Reads of the channel, and what holds them up. */
let lists: number;
let clears: number;
let gate: Promise<void>;

beforeEach(() => {
  [clock, gone, lists, clears, gate] = [new ManualClock(), new Set<PodId>(), 0, 0, Promise.resolve()];
  const channels = new MemoryChannels();
  const publish = (channel: string, message: string) => {
    channels.publish(channel, message);
  };
  const ports = { keyspace: new MemoryKeyspace(clock), keys: new RedisKeys('m:'), clock, publish };
  store = new MemoryPresenceStore(ports, { ttlMs: 60_000, sweepMs: 600_000 }, MOST);
  keys = store.keysOf(asTenantId('acme'), room);
  const asked: PresenceStore = {
    keysOf: (...of) => store.keysOf(...of),
    enter: (...of) => store.enter(...of),
    leave: (...of) => store.leave(...of),
    clear: (...of) => {
      clears += 1;
      return store.clear(...of);
    },
    list: async (of) => {
      lists += 1;
      const list = await store.list(of);
      await gate;
      return list;
    },
  };
  const pods = { among: (of: readonly PodId[]) => Promise.resolve(new Set(of.filter((pod) => !gone.has(pod)))) };
  const steady = {
    ...{ start: () => undefined, stop: () => undefined },
    gone: (of: readonly PodId[]) => Promise.resolve(of.filter((pod) => gone.has(pod))),
  };
  rooms = new PresenceRooms({
    ...{ store: asked, subscriber: channels, clock, logger: silentLogger, steady },
    pods: { ...pods, saw: () => undefined },
  });
});

interface Client {
  readonly presence: SessionPresence;
  readonly sent: ServerFrame[];
}

function clientOf(name: string): Client {
  const sent: ServerFrame[] = [];
  const writer = {
    send: (frame: ServerFrame) => sent.push(frame),
    ...{ sendShared: () => true, whenDrained: setImmediate, beforeWrite: () => undefined },
    ...{ close: () => undefined, pauseReading: () => undefined, resumeReading: () => undefined },
  };
  const identity = {
    ...{ tenant: asTenantId('acme'), session: asSessionId(name), user: asUserId('ada'), publisher: null },
    grants: [{ stream: '*', can: ['presence'] as const }],
  };
  const holder = { pod: here, attempt: 1, connection: asConnectionId(name) };
  return { presence: new SessionPresence({ rooms, clock, channelsPerSession: 8 }, writer, identity, holder), sent };
}
function ask(name: string): Client {
  const client = clientOf(name);
  client.presence.set(room, true);
  return client;
}
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await settle();
}
async function fill(pod: PodId, count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const name = `${pod}${number}`;
    const [session, connection] = [asSessionId(name), asConnectionId(name)];
    await store.enter(keys, { session, connection, user: asUserId('u'), pod, attempt: 1 });
  }
}
const sessions = async () => (await store.list(keys)).members.map(({ session }) => session).sort();
const events = ({ sent }: Client) => sent.map((frame) => (frame.type === 'presence' ? frame.event : frame.type));

it('who comes after a crash is let in, and so are all that come at the same time, after one look', async () => {
  await fill(crashed, MOST);
  gone.add(crashed);
  const clients = Array.from({ length: MOST }, (_, number) => ask(`s${number}`));
  await turns();
  expect(clears).toBe(2);
  expect((await sessions()).every((session) => session.startsWith('s'))).toBe(true);
  for (const client of clients) expect(events(client)).toContain('snapshot');
  for (const client of clients) expect(events(client)).not.toContain('leave');
});

it('while its pods live, or nobody can say, a full channel is full, and read once a second', async () => {
  await fill(crashed, MOST);
  for (const name of ['a', 'b', 'c']) {
    const client = ask(name);
    await turns();
    expect(events(client)).toEqual(['error']);
    await clock.run(100);
  }
  expect(lists).toBe(1);
  gone.add(crashed);
  await clock.run(1_000);
  const client = ask('d');
  await turns();
  expect(events(client)).toContain('snapshot');
});

it('who has left while there was no room yet isn’t put in', async () => {
  await fill(crashed, MOST);
  gone.add(crashed);
  let open: () => void = () => undefined;
  gate = new Promise((resolve) => (open = resolve));
  const { presence } = ask('s');
  await turns();
  presence.close(true);
  await turns();
  open();
  await turns();
  expect(await sessions()).toEqual([]);
});

it('who was taken for gone by another pod says that it is there', async () => {
  const [one, other] = [ask('one'), ask('other')];
  await turns();
  await store.clear(keys, [here]);
  await turns();
  expect(await sessions()).toEqual(['one', 'other']);
  one.presence.set(room, false);
  await turns();
  expect(await sessions()).toEqual(['other']);
  expect(events(other).at(-1)).toBe('leave');
});
