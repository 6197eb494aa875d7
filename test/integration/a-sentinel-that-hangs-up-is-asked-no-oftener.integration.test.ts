import { afterEach, expect, it } from '@jest/globals';
import { FailoverWatch } from '../../src/redis/failover-watch.js';
import { eventually } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';
import { greeting, ScriptedRedis } from '../support/scripted-redis.js';
import { sentinelsAt } from '../support/sentinels-at.js';
import { silentLogger } from '../support/silent-logger.js';

const ended: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

it('has one try under way, though each of its connections ends while it subscribes', async () => {
  const server = await ScriptedRedis.start(greeting);
  ended.push(() => server.close());
  const clock = new ManualClock();
  const watch = new FailoverWatch(
    sentinelsAt([server.place], clock),
    [server.place],
    () => undefined,
    clock,
    silentLogger,
  );
  ended.push(() => {
    watch.close();
  });
  watch.start();
  for (let tries = 1; tries <= 4; tries += 1) {
    await eventually('the connection to be over', () => server.accepted === tries && server.open === 0);
    // The poll, and one next try.
    await eventually('the next try to be planned', () => clock.timers >= 2);
    for (let turn = 0; turn < 5; turn += 1) await clock.run(0);
    expect(clock.timers).toBe(2);
    // The longest delay after so few failures, and less than the poll.
    clock.advance(1_000);
  }
});
