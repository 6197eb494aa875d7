import { afterEach, expect, it } from '@jest/globals';
import { NodeSubscriptions } from '../../src/redis/node-subscriptions.js';
import type { RedisLink } from '../../src/redis/redis-link.js';
import { eventually } from '../support/eventually.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { greeting, ScriptedRedis, type Script } from '../support/scripted-redis.js';
import { linkTo } from '../support/link-to.js';

const SUBSCRIBED = '>3\r\n$10\r\nssubscribe\r\n$1\r\nx\r\n:1\r\n';
const ended: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

async function linkToScript(script: Script, clock: ManualClock, replicas = 0): Promise<RedisLink> {
  const server = await ScriptedRedis.start(script);
  ended.push(() => server.close());
  const link = linkTo(server.place, clock, replicas);
  ended.push(() => {
    link.close();
  });
  return link;
}

async function turns(count: number): Promise<null> {
  for (let turn = 0; turn < count; turn += 1) await settle();
  return null;
}

const answers: Script = (command) => (command[0] === 'ssubscribe' ? SUBSCRIBED : greeting(command));

it('is nothing to the next pair, whoever subscribes meanwhile', async () => {
  const clock = new ManualClock();
  const link = await linkToScript(answers, clock);
  const second = Promise.withResolvers<null>();
  const gate = Promise.withResolvers<null>();
  let tries = 0;
  link.prepare(async () => {
    tries += 1;
    if (tries === 1) return;
    second.resolve(null);
    await gate.promise;
  });
  const subscriptions = new NodeSubscriptions(link, { bySlot: false, onUprooted: () => undefined });
  link.prepare(() => (tries === 1 ? Promise.reject(new Error('not this one')) : Promise.resolve()));
  await link.start();
  clock.advance(1_000);
  await second.promise;
  subscriptions.listen('x', () => undefined);
  await clock.run(0);
  await clock.run(0);
  gate.resolve(null);
  await eventually('the second pair to be up', () => link.current !== null);
  expect(tries).toBe(2);
});

it('gives a pair up whose durable connection ended while another was being opened', async () => {
  const clock = new ManualClock();
  const durableGone = Promise.withResolvers<null>();
  const link = await linkToScript(
    async (command, connection) => {
      if (connection.number === 3 && command[0] === 'client') {
        // The other end hears of its greeting, and then of this, some turns later.
        void turns(50)
          .then(() => {
            connection.hangUp();
            return turns(50);
          })
          .then(durableGone.resolve);
      }
      if (connection.number === 1) await durableGone.promise;
      return greeting(command);
    },
    clock,
    1,
  );
  await link.start();
  await eventually('the pair to be given up', () => link.current === null);
  clock.advance(1_000);
  await eventually('another pair', () => link.current !== null);
  expect(link.current?.durable?.status).toBe('ready');
});

it('is one in which a channel that is taken over is refused', async () => {
  const clock = new ManualClock();
  let refuses = true;
  const link = await linkToScript((command, connection) => {
    if (command[0] === 'ssubscribe' && refuses) return '-CLUSTERDOWN Hash slot not served\r\n';
    return answers(command, connection);
  }, clock);
  const subscriptions = new NodeSubscriptions(link, { bySlot: true, onUprooted: () => undefined });
  const other = new NodeSubscriptions(linkTo({ host: '127.0.0.1', port: 1 }, clock), {
    bySlot: true,
    onUprooted: () => undefined,
  });
  const channel = other.listen('x', () => undefined);
  link.prepare(async () => {
    if (!refuses) return;
    await expect(subscriptions.adopt([channel])).rejects.toThrow('CLUSTERDOWN');
  });
  await link.start();
  expect(link.current).toBeNull();
  refuses = false;
  clock.advance(1_000);
  await eventually('the pair to be up', () => link.current !== null);
  expect(channel.state).toBe('confirmed');
});
