import { beforeEach, expect, it } from '@jest/globals';
import { PresenceRoom, type Watcher } from '../../src/messaging/presence-room.js';
import { PresenceRooms } from '../../src/messaging/presence-rooms.js';
import type { Member, PresenceStore } from '../../src/messaging/presence-store.js';
import { SessionPresence } from '../../src/messaging/session-presence.js';
import { MAX_FRAME_BYTES, MAX_PRESENT } from '../../src/protocol/bounds.js';
import type { PresenceFrame, ServerFrame } from '../../src/protocol/frames.js';
import { asChannelName, asConnectionId, asPodId, asSessionId, asTenantId, asUserId } from '../../src/protocol/ids.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { nobodyGone } from '../support/nobody-gone.js';
import { silentLogger } from '../support/silent-logger.js';

const member = (session: string): Member => ({
  ...{ session: asSessionId(session), user: asUserId('u'.repeat(128)), since: Date.now(), pod: asPodId('p') },
});
const channel = asChannelName('c'.repeat(128));

let members: readonly Member[];
let ready: (() => void)[];
let told: PresenceFrame[];
const watcher: Watcher = {
  tell: (frame) => told.push(frame),
  whenReady: (_channel, run) => ready.push(run),
};
const roomHere = () =>
  new PresenceRoom(channel, {
    read: () => Promise.resolve({ changes: members.length, members }),
    isAlive: () => true,
    ...{ saw: () => undefined, failed: () => undefined, removed: () => undefined },
  });

beforeEach(() => {
  [members, ready, told] = [[member('a')], [], []];
});

it('and then has what came meanwhile, which is told once', async () => {
  const room = roomHere();
  room.watch(watcher, 1);
  await settle();
  room.hear('p 2 b u 1 p');
  expect([told, ready.length]).toEqual([[], 1]);
  ready[0]?.();
  room.hear('p 3 c u 1 p');
  expect(told.map(({ event, entries }) => [event, ...entries.map(({ session }) => session)])).toEqual([
    ['snapshot', 'a', 'b'],
    ['join', 'c'],
  ]);
});

it('and isn’t told to who has gone meanwhile, and once to who asked again', async () => {
  const room = roomHere();
  room.watch(watcher, 1);
  await settle();
  room.unwatch(watcher);
  for (const run of ready.splice(0)) run();
  expect(told).toEqual([]);
  room.watch(watcher, 1);
  room.unwatch(watcher);
  room.watch(watcher, 1);
  for (const run of ready.splice(0)) run();
  expect(told.map(({ event }) => event)).toEqual(['snapshot']);
});

it('a channel with as many as may be in it, with the longest names, comes in frames that a client takes', async () => {
  members = Array.from({ length: MAX_PRESENT }, (_, at) => member(String(at).padStart(32, '0')));
  roomHere().watch(watcher, 1);
  await settle();
  ready[0]?.();
  expect(told.map(({ entries, more = false }) => [entries.length, more])).toEqual([
    ...[1, 2, 3, 4].map(() => [200, true]),
    [200, false],
  ]);
  for (const frame of told) expect(JSON.stringify(frame).length).toBeLessThan(MAX_FRAME_BYTES);
});

let sent: ServerFrame[];
let drains: (() => void)[];

function presenceHere(): SessionPresence {
  [sent, drains] = [[], []];
  const writer = {
    send: (frame: ServerFrame) => sent.push(frame),
    whenDrained: (run: () => void) => drains.push(run),
    ...{ sendShared: () => true, beforeWrite: () => undefined, close: () => undefined },
    ...{ pauseReading: () => undefined, resumeReading: () => undefined },
  };
  const store: PresenceStore = {
    keysOf: (_tenant, name) => ({ here: `${name}:here`, told: `${name}:told` }),
    enter: () => Promise.resolve(1),
    leave: () => Promise.resolve(),
    clear: () => Promise.resolve(0),
    list: () => Promise.resolve({ changes: 1, members }),
  };
  const subscriber = { subscribe: () => Promise.resolve(), unsubscribe: () => undefined, onDoubt: () => undefined };
  const pods = { among: () => Promise.resolve(new Set([asPodId('p')])), saw: () => undefined };
  const clock = new ManualClock();
  const rooms = new PresenceRooms({ store, subscriber, clock, logger: silentLogger, pods, steady: nobodyGone });
  const identity = { tenant: asTenantId('acme'), session: asSessionId('s'), user: asUserId('ada'), publisher: null };
  return new SessionPresence(
    { rooms, clock, channelsPerSession: 9 },
    writer,
    { ...identity, grants: [{ stream: '*', can: ['presence'] }] },
    { pod: asPodId('p'), attempt: 1, connection: asConnectionId('c') },
  );
}

it('of many channels one after the other', async () => {
  const presence = presenceHere();
  const names = ['one', 'two', 'three'];
  for (const name of names) presence.set(asChannelName(name), true);
  await settle();
  for (let count = 1; count <= names.length; count += 1) {
    expect([sent.length, drains.length]).toEqual([count - 1, 1]);
    drains.shift()?.();
  }
  expect(sent).toMatchObject(names.map((name) => ({ event: 'snapshot', channel: name })));
  expect(drains).toEqual([]);
});

it('and who asks again and again, or goes and comes, and reads nothing, keeps one waiting a channel', async () => {
  const presence = presenceHere();
  for (let count = 0; count < 100; count += 1) {
    presence.set(asChannelName('one'), true);
    presence.set(asChannelName(`other-${count}`), true);
    await settle();
    presence.set(asChannelName(`other-${count}`), false);
  }
  presence.set(asChannelName('two'), true);
  await settle();
  let runs = 0;
  for (; drains.length > 0; runs += 1) drains.shift()?.();
  expect(runs).toBe(2);
  expect(sent).toMatchObject(['one', 'two'].map((name) => ({ event: 'snapshot', channel: name })));
});
