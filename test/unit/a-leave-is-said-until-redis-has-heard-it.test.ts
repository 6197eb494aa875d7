import { beforeEach, expect, it } from '@jest/globals';
import { BatonError } from '../../src/lib/baton-error.js';
import { PresenceLeaves } from '../../src/messaging/presence-leaves.js';
import { RedisPresenceStore } from '../../src/messaging/redis-presence-store.js';
import { asChannelName, asConnectionId, asSessionId, asTenantId } from '../../src/protocol/ids.js';
import { RedisKeys } from '../../src/redis/keys.js';
import type { RedisCommands, ScriptCall } from '../../src/redis/redis-ports.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { silentLogger } from '../support/silent-logger.js';

const LATE_MS = 10_000;
const session = asSessionId('s');

let clock: ManualClock;
let store: RedisPresenceStore;
let leaves: PresenceLeaves;
let away: boolean;
/** Connections that Redis was asked to let go, and the sizes of the writes. */
let asked: string[];
let writes: number[];
let atOnce: number;

beforeEach(() => {
  [away, asked, writes, atOnce] = [false, [], [], 0];
  clock = new ManualClock();
  const run = async ({ args }: ScriptCall) => {
    asked.push(String(args[1]));
    atOnce += 1;
    const isFirst = atOnce === 1;
    await new Promise(setImmediate);
    if (isFirst) {
      writes.push(atOnce);
      atOnce = 0;
    }
    if (away) throw new BatonError('unavailable');
    return 1;
  };
  store = new RedisPresenceStore({ run } as unknown as RedisCommands, new RedisKeys('b:'), { ttlMs: 1, sweepMs: 1 });
  leaves = new PresenceLeaves({ store, clock, logger: silentLogger });
});

const keys = () => store.keysOf(asTenantId('acme'), asChannelName('room'));
const say = (connection: string, late = false) => {
  leaves.say(keys(), session, asConnectionId(connection), late);
};
async function pass(forMs: number): Promise<void> {
  for (let passed = 0; passed < forMs; passed += 500) {
    clock.advance(500);
    leaves.tick();
    for (let turn = 0; turn < 10; turn += 1) await settle();
  }
}

it('late only for who lost its connection', async () => {
  say('late', true);
  say('now');
  await pass(LATE_MS - 500);
  expect(asked).toEqual(['now']);
  await pass(500);
  expect(asked).toEqual(['now', 'late']);
});

it('however long Redis is away', async () => {
  away = true;
  say('c');
  await pass(420_000);
  const tries = asked.length;
  expect(tries).toBeGreaterThan(100);
  away = false;
  await pass(2_000);
  expect(asked).toHaveLength(tries + 1);
  await pass(10_000);
  expect(asked).toHaveLength(tries + 1);
});

it('unless it has entered again', async () => {
  away = true;
  say('c');
  say('d');
  await pass(1_000);
  leaves.unsay(keys(), session, asConnectionId('c'));
  away = false;
  asked.splice(0);
  await pass(4_000);
  expect(asked).toEqual(['d']);
});

it('a few at a time, and none after one batch while Redis answers nothing', async () => {
  for (let number = 0; number < 1_000; number += 1) say(`c${number}`, true);
  away = true;
  await pass(LATE_MS);
  expect(writes).toEqual([200]);
  away = false;
  await pass(4_000);
  expect(writes).toEqual([200, 200, 200, 200, 200, 200]);
  expect(new Set(asked).size).toBe(1_000);
});

it('at a cost that doesn’t grow with those that wait', () => {
  const cpu = process.cpuUsage();
  for (let number = 0; number < 60_000; number += 1) say(`c${number}`, true);
  // Copying what waits for each of them took 26 s.
  expect(process.cpuUsage(cpu).user / 1_000).toBeLessThan(2_000);
});
