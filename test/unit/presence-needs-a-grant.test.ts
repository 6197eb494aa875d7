import { beforeEach, expect, it } from '@jest/globals';
import { PresenceRooms } from '../../src/messaging/presence-rooms.js';
import { RedisPresenceStore } from '../../src/messaging/redis-presence-store.js';
import { SessionPresence } from '../../src/messaging/session-presence.js';
import type { ServerFrame } from '../../src/protocol/frames.js';
import type { Grant } from '../../src/protocol/grants.js';
import {
  asChannelName,
  asConnectionId,
  asPodId,
  asSessionId,
  asTenantId,
  asUserId,
  type PodId,
} from '../../src/protocol/ids.js';
import { RedisKeys } from '../../src/redis/keys.js';
import type { RedisCommands, RedisReply, ScriptCall } from '../../src/redis/redis-ports.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { nobodyGone } from '../support/nobody-gone.js';
import { silentLogger } from '../support/silent-logger.js';

const scripts: string[] = [];
const replies: Partial<Record<string, RedisReply>> = { 'presence-enter': ['here', '1'], 'presence-list': ['1'] };
const redis = {
  run: ({ script }: ScriptCall) => {
    scripts.push(script);
    return Promise.resolve(replies[script] ?? 1);
  },
} as unknown as RedisCommands;

let sent: ServerFrame[];
let presence: SessionPresence;
const identityWith = (grants: readonly Grant[]) => ({
  ...{ tenant: asTenantId('acme'), session: asSessionId('s'), user: asUserId('ada'), publisher: null },
  grants,
});
const room = asChannelName('room');
const may: Grant = { stream: 'channel:ro*', can: ['presence'] };

beforeEach(() => {
  [sent] = [[]];
  scripts.splice(0);
  const clock = new ManualClock();
  const store = new RedisPresenceStore(redis, new RedisKeys('b:'), { ttlMs: 60_000, sweepMs: 60_000 });
  const subscriber = { subscribe: () => Promise.resolve(), unsubscribe: () => undefined, onDoubt: () => undefined };
  const pods = { among: (asked: readonly PodId[]) => Promise.resolve(new Set(asked)), saw: () => undefined };
  const rooms = new PresenceRooms({ store, subscriber, clock, logger: silentLogger, pods, steady: nobodyGone });
  const writer = {
    send: (frame: ServerFrame) => sent.push(frame),
    ...{ sendShared: () => true, whenDrained: setImmediate, beforeWrite: () => undefined },
    ...{ close: () => undefined, pauseReading: () => undefined, resumeReading: () => undefined },
  };
  const holder = { pod: asPodId('p'), attempt: 1, connection: asConnectionId('c') };
  presence = new SessionPresence({ rooms, clock, channelsPerSession: 2 }, writer, identityWith([may]), holder);
});

it('for that very channel: without it Redis isn’t asked', async () => {
  presence.set(asChannelName('hall'), true);
  await settle();
  expect(sent).toMatchObject([{ type: 'error', code: 'forbidden', channel: 'hall' }]);
  expect(sent[0]).not.toHaveProperty('stream');
  expect(scripts).toEqual([]);
});

it('a grant to subscribe is none', async () => {
  presence.renew(identityWith([{ stream: '*', can: ['subscribe', 'publish'] }]));
  presence.set(room, true);
  await settle();
  expect(sent).toMatchObject([{ type: 'error', code: 'forbidden' }]);
  expect(scripts).toEqual([]);
});

it('a channel that is full is refused as that, and may be asked for again', async () => {
  replies['presence-enter'] = ['full'];
  presence.set(room, true);
  await settle();
  expect(sent).toMatchObject([{ type: 'error', code: 'channel-full', channel: 'room' }]);
  presence.touch();
  await settle();
  expect(sent).toHaveLength(1);
  replies['presence-enter'] = ['here', '1'];
  presence.set(room, true);
  await settle();
  await settle();
  expect(sent.at(-1)).toMatchObject({ type: 'presence', event: 'snapshot' });
});

it('one that is gone ends it', async () => {
  presence.set(room, true);
  await settle();
  await settle();
  expect(sent).toMatchObject([{ type: 'presence', event: 'snapshot' }]);
  presence.renew(identityWith([may]));
  expect(sent).toHaveLength(1);
  presence.renew(identityWith([]));
  expect(sent.at(-1)).toMatchObject({ type: 'error', code: 'forbidden', channel: 'room' });
  await settle();
  expect(scripts.at(-1)).toBe('presence-leave');
  presence.touch();
  await settle();
  expect(scripts.at(-1)).toBe('presence-leave');
});
