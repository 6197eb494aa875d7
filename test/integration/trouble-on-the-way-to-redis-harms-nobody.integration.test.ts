import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { PodsHere } from '../support/faults/pods-here.js';
import { everything, keepTalking, type TrafficStory } from '../support/faults/traffic.js';
import { redisAdmin } from '../support/redis-admin.js';
import { connectRedis } from '../support/redis-connection.js';
import { startRedisServer } from '../support/redis-server.js';
import { silentLogger } from '../support/silent-logger.js';
import { RedisProxy } from '../support/stage/redis-proxy.js';
import { TcpGate } from '../support/tcp-gate.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
/** What a pod says on each of its connections, and on no other. */
const COMMANDS = 'evalsha';
const SUBSCRIBER = 'ssubscribe';

type Trouble = (gate: TcpGate) => Promise<void>;
const goesDead =
  (...words: readonly string[]): Trouble =>
  async (gate) => {
    for (const word of words) await eventually('a connection', () => gate.deaden(word) > 0, { everyMs: 5 });
  };
const saysNonsense =
  (word: string, bytes: string): Trouble =>
  async (gate) => {
    await eventually('a connection', () => gate.say(word, Buffer.from(bytes, 'latin1')) > 0, { everyMs: 5 });
  };

/** What is found by itself within a canary or a command's deadline. */
const found: Readonly<Record<string, Trouble>> = {
  'the command connection goes dead': goesDead(COMMANDS),
  'the subscriber connection goes dead': goesDead(SUBSCRIBER),
  'both connections go dead': goesDead(COMMANDS, SUBSCRIBER),
  'an HTTP server answers commands': saysNonsense(COMMANDS, 'HTTP/1.1 400 Bad Request\r\n\r\n'),
  'an HTTP server answers the subscriber': saysNonsense(SUBSCRIBER, 'HTTP/1.1 400 Bad Request\r\n\r\n'),
  'bytes that are no RESP answer commands': saysNonsense(COMMANDS, '\x00\xff\x80\r\n\x16\x03'),
  'a wrong length swallows the answers to commands': saysNonsense(COMMANDS, '$700\r\n'),
  'a wrong length swallows messages': saysNonsense(SUBSCRIBER, '$300\r\n'),
};
const SLOW = 'every reply takes 300 ms';

const told = new Map<string, Promise<TrafficStory>>();
const cleanUps: (() => Promise<void>)[] = [];

/** Only pod `a` has the trouble. */
async function talkOver(
  way: TcpGate | RedisProxy,
  trouble: () => Promise<void> | void,
  everyMs: number,
  more = {},
): Promise<TrafficStory> {
  cleanUps.push(() => way.stop());
  const pods = await PodsHere.install({ url: redis.url, keyPrefix: redis.keyPrefix() });
  cleanUps.push(() => pods.close());
  await Promise.all([pods.start('a', { BATON_REDIS_URL: way.url, ...more }), pods.start('b')]);
  return keepTalking(pods, trouble, everyMs);
}

async function tell(trouble: Trouble): Promise<TrafficStory> {
  const gate = await TcpGate.start(redis.url);
  const quick = { BATON_CANARY_MS: '700', BATON_REDIS_COMMAND_TIMEOUT_MS: '700' };
  return talkOver(gate, async () => trouble(gate), 25, quick);
}

async function tellSlowly(): Promise<TrafficStory> {
  const proxy = await RedisProxy.start(redis.url);
  // For longer than two canaries, of 2 s each.
  return talkOver(
    proxy,
    () => {
      proxy.delayMs = 150;
    },
    180,
  );
}

// At the same time: most of it is waiting.
beforeAll(async () => {
  for (const [name, trouble] of Object.entries(found)) told.set(name, tell(trouble));
  told.set(SLOW, tellSlowly());
  await Promise.allSettled(told.values());
}, 90_000);
afterAll(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

describe('clients of a pod lose, repeat and reorder nothing, and stay connected, when', () => {
  it.each([...Object.keys(found), SLOW])('%s', async (name) => {
    const story = await told.get(name);
    expect(story).toMatchObject({ acknowledged: everything, published: everything, sent: everything, harm: [] });
  });

  it.each(Object.keys(found))('and the pod notices: %s', async (name) => {
    const story = await told.get(name);
    await eventually('everything to be checked', () => (story?.doubts() ?? 0) > 0);
  });
  it(`and the pod has no doubt because ${SLOW}`, async () => {
    expect((await told.get(SLOW))?.doubts()).toBe(0);
  });
});

it('an answer that nobody asked for gives the connections up, though what follows makes sense again', async () => {
  const gate = await TcpGate.start(redis.url);
  const prefix = redis.keyPrefix();
  // No canary finds it: none is due.
  const connection = await connectRedis(gate.url, prefix, { canaryMs: 60_000 });
  const admin = redisAdmin(redis.url);
  let doubts = 0;
  connection.subscriber.onDoubt(() => (doubts += 1));
  const heard: string[] = [];
  const channel = `${prefix}:{here}:swallowed`;
  await connection.subscriber.subscribe(channel, (message) => heard.push(message));
  const push = `>3\r\n$8\r\nsmessage\r\n$${channel.length}\r\n${channel}\r\n$5\r\nfirst\r\n`;
  expect(gate.say(SUBSCRIBER, Buffer.from(`$${push.length - 2}\r\n`))).toBe(1);
  await admin.spublish(channel, 'first');
  await eventually('the connections to be given up, and made again', () => doubts > 0);
  await admin.spublish(channel, 'second');
  await eventually('what comes after', () => heard.length > 0);
  expect(heard).toEqual(['second']);
  connection.close();
  admin.disconnect();
  await gate.stop();
});

it('what is logged about Redis says where it is, and why it was lost, and no password', async () => {
  const lines: string[] = [];
  const log = (event: string, fields: object = {}) =>
    void lines.push(
      JSON.stringify({ event, ...fields }, (_key, value: unknown) => (value instanceof Error ? value.message : value)),
    );
  const server = await startRedisServer({ alwaysOwn: true, args: ['--requirepass', 'hush'] });
  const gate = await TcpGate.start(server.url);
  const connection = await connectRedis(gate.url.replace('//', '//:hush@'), redis.keyPrefix(), {
    logger: { ...silentLogger, info: log, warn: log, error: log },
  });
  gate.say('info', Buffer.from('HTTP/1.1 400 Bad Request'));
  const lost = await eventually('the loss', () => lines.find((line) => line.includes('redis.lost')));
  expect(JSON.parse(lost)).toMatchObject({
    host: '127.0.0.1',
    reason: 'the command connection was closed',
    error: expect.stringContaining('Unknown RESP type') as unknown,
  });
  expect(lines.join()).not.toContain('hush');
  connection.close();
  await gate.stop();
  await server.stop();
});
