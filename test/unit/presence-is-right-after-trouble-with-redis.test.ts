import { beforeEach, expect, it } from '@jest/globals';
import { BatonError } from '../../src/lib/baton-error.js';
import { PresenceRooms } from '../../src/messaging/presence-rooms.js';
import { RedisPresenceStore } from '../../src/messaging/redis-presence-store.js';
import { SessionPresence } from '../../src/messaging/session-presence.js';
import { asChannelName, asConnectionId, asPodId, asSessionId, asTenantId, asUserId } from '../../src/protocol/ids.js';
import type { PodId } from '../../src/protocol/ids.js';
import { RedisKeys } from '../../src/redis/keys.js';
import type { RedisCommands, ScriptCall } from '../../src/redis/redis-ports.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { nobodyGone } from '../support/nobody-gone.js';
import { silentLogger } from '../support/silent-logger.js';

let clock: ManualClock;
let rooms: PresenceRooms;
let away: boolean;
/** Scripts that Redis was asked to run; how many at most at the same time. */
let asked: string[];
let atOnce: number;
let mostAtOnce: number;
let listened: Set<string>;
let doubt: () => void;

beforeEach(() => {
  [clock, away, asked, atOnce, mostAtOnce, listened] = [new ManualClock(), false, [], 0, 0, new Set()];
  const run = async ({ script }: ScriptCall) => {
    asked.push(script);
    mostAtOnce = Math.max(mostAtOnce, ++atOnce);
    await new Promise(setImmediate);
    atOnce -= 1;
    if (away) throw new BatonError('unavailable');
    return script === 'presence-enter' ? ['here', '1'] : script === 'presence-list' ? ['1'] : 1;
  };
  const config = { ttlMs: 60_000, sweepMs: 60_000 };
  const store = new RedisPresenceStore({ run } as unknown as RedisCommands, new RedisKeys('b:'), config);
  const subscriber = {
    subscribe: (channel: string) => Promise.resolve(void listened.add(channel)),
    unsubscribe: (channel: string) => void listened.delete(channel),
    onDoubt: (check: (concerns: () => boolean) => void) => {
      doubt = () => {
        check(() => true);
      };
    },
  };
  const pods = { among: (of: readonly PodId[]) => Promise.resolve(new Set(of)), saw: () => undefined };
  rooms = new PresenceRooms({ store, subscriber, clock, logger: silentLogger, pods, steady: nobodyGone });
});

const writer = {
  ...{ send: () => true, sendShared: () => true, whenDrained: setImmediate, beforeWrite: () => undefined },
  ...{ close: () => undefined, pauseReading: () => undefined, resumeReading: () => undefined },
};
function presenceOf(name: string): SessionPresence {
  const identity = {
    ...{ tenant: asTenantId('acme'), session: asSessionId(name), user: asUserId('ada'), publisher: null },
    grants: [{ stream: '*', can: ['presence'] as const }],
  };
  const holder = { pod: asPodId('p'), attempt: 1, connection: asConnectionId(name) };
  return new SessionPresence({ rooms, clock, channelsPerSession: 8 }, writer, identity, holder);
}
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await settle();
}

it('no room stays open for who asked twice, was not let in, and has gone', async () => {
  away = true;
  const presence = presenceOf('s');
  presence.set(asChannelName('room'), true);
  presence.set(asChannelName('room'), true);
  await turns(5);
  presence.close(true);
  expect(listened.size).toBe(0);
  await clock.run(10_000, 500);
  expect([listened.size, clock.timers]).toEqual([0, 0]);
});

it('who was let in without hearing of it leaves all the same', async () => {
  away = true;
  const presence = presenceOf('s');
  presence.set(asChannelName('room'), true);
  await turns(5);
  expect(asked).toEqual(['presence-enter']);
  away = false;
  presence.close(true);
  await turns(5);
  expect(asked).toEqual(['presence-enter', 'presence-leave']);
});

it('those who are there say so again a few at a time, and rooms are read so', async () => {
  const presences = Array.from({ length: 1_000 }, (_, number) => presenceOf(`s${number}`));
  presences.forEach((presence, number) => {
    for (const channel of [`own/${number}`, 'all']) presence.set(asChannelName(channel), true);
  });
  await turns(200);
  asked.splice(0);
  mostAtOnce = 0;
  doubt();
  await turns(200);
  const asksOf = (script: string) => asked.filter((one) => one === script).length;
  expect([asksOf('presence-enter'), asksOf('presence-list')]).toEqual([2_000, 1_001]);
  expect(mostAtOnce).toBeLessThan(400);
});
