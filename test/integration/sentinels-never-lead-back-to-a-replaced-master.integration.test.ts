import { afterEach, expect, it } from '@jest/globals';
import { ManualClock } from '../support/manual-clock.js';
import { greeting, ScriptedRedis } from '../support/scripted-redis.js';
import { sentinelsAt } from '../support/sentinels-at.js';

interface Belief {
  readonly epoch: number;
  /** Port of the master that is replaced or has been. */
  readonly instance: number;
  /** What clients are told: differs while a failover is under way. */
  readonly address: number;
}

const OLD = 7001;
const NEW = 7002;
const BEFORE: Belief = { epoch: 1, instance: OLD, address: OLD };
const PROMOTED: Belief = { epoch: 2, instance: OLD, address: NEW };
const AFTER: Belief = { epoch: 2, instance: NEW, address: NEW };

const ended: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

const array = (...words: readonly string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;

async function sentinelThatBelieves(belief: () => Belief): Promise<ScriptedRedis> {
  const server = await ScriptedRedis.start((command) => {
    const { epoch, instance, address } = belief();
    if (command[1] === 'MASTER')
      return array('name', 'm', 'ip', '10.0.0.1', 'port', String(instance), 'config-epoch', String(epoch));
    if (command[1] === 'GET-MASTER-ADDR-BY-NAME') return array('10.0.0.1', String(address));
    return greeting(command);
  });
  ended.push(() => server.close());
  return server;
}

it('follows the master that the leading sentinel has just promoted', async () => {
  const sentinel = await sentinelThatBelieves(() => PROMOTED);
  const sentinels = sentinelsAt([sentinel.place], new ManualClock());
  expect(await sentinels.master()).toEqual({ host: '10.0.0.1', port: NEW });
});

it('believes no older news than it had, until nobody has known better for a minute', async () => {
  let belief = AFTER;
  const sentinel = await sentinelThatBelieves(() => belief);
  const clock = new ManualClock();
  const sentinels = sentinelsAt([sentinel.place], clock);
  await sentinels.master();
  belief = BEFORE;
  clock.advance(59_000);
  expect(await sentinels.master()).toEqual({ host: '10.0.0.1', port: NEW });
  clock.advance(1_000);
  expect(await sentinels.master()).toEqual({ host: '10.0.0.1', port: OLD });
});
