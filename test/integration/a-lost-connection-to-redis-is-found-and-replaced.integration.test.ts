import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../src/lib/clock.js';
import type { RedisConnection } from '../../src/redis/redis-connection.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { redisAdmin } from '../support/redis-admin.js';
import { redisConnection, type ConnectionExtras } from '../support/redis-connection.js';
import { startRedisServer } from '../support/redis-server.js';
import { silentLogger } from '../support/silent-logger.js';
import { TcpGate } from '../support/tcp-gate.js';
import { withTemporaryFiles } from '../support/temporary-files.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis({ alwaysOwn: true });
const files = withTemporaryFiles();
const opened: RedisConnection[] = [];
let admin: ReturnType<typeof redisAdmin>;

beforeEach(() => {
  admin = redisAdmin(redis.url);
});
afterEach(() => {
  for (const connection of opened.splice(0)) connection.close();
  admin.disconnect();
});

function connectionTo(url: string, more: ConnectionExtras = {}) {
  const timeouts = { connectTimeoutMs: 500, commandTimeoutMs: 5_000, canaryMs: 60_000 };
  const connection = redisConnection(url, redis.keyPrefix(), { ...timeouts, ...more });
  opened.push(connection);
  return connection;
}
const ask = (connection: RedisConnection): Promise<unknown> => connection.commands.exist(['{x}:key']);

/** A started connection that hears a channel and counts its doubts. */
async function listening(url: string, more: ConnectionExtras = {}) {
  const connection = connectionTo(url, more);
  const channel = `{${randomBytes(6).toString('hex')}}:live`;
  const heard: string[] = [];
  const state = { connection, channel, heard, doubts: 0 };
  connection.subscriber.onDoubt(() => (state.doubts += 1));
  await connection.start();
  await connection.subscriber.subscribe(channel, (message) => heard.push(message));
  return state;
}

describe('while Redis is away', () => {
  it('a pod starts all the same, says "unavailable", and works once Redis is there', async () => {
    const port = await freePort();
    const connection = connectionTo(`redis://127.0.0.1:${port}`);
    await connection.start();
    expect(connection.commands.healthy).toBe(false);
    await expect(ask(connection)).rejects.toMatchObject({ code: 'unavailable' });
    const server = await startRedisServer({ alwaysOwn: true, port });
    await eventually('the connection', () => connection.commands.healthy);
    expect(await ask(connection)).toEqual([false]);
    await server.stop();
    await eventually('the loss to be noticed', () => !connection.commands.healthy);
    await expect(ask(connection)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('a subscription is refused within the command timeout', async () => {
    const connection = connectionTo(`redis://127.0.0.1:${await freePort()}`, { commandTimeoutMs: 50 });
    await connection.start();
    await expect(connection.subscriber.subscribe('x', () => undefined)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('a connection that is cut', () => {
  it.each(['normal', 'pubsub'])('(%s) is replaced together with the other, and doubt follows', async (type) => {
    const pod = await listening(redis.url);
    await admin.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
    await eventually('the doubt', () => pod.doubts === 1);
    expect(await ask(pod.connection)).toEqual([false]);
    await admin.spublish(pod.channel, 'after');
    await eventually('the message', () => pod.heard.length > 0);
    expect(pod.heard).toEqual(['after']);
    expect(pod.doubts).toBe(1);
  });

  it('rejects at once what was under way', async () => {
    const gate = await TcpGate.start(redis.url);
    const pod = await listening(gate.url);
    gate.swallows = 'answers';
    const work = Promise.allSettled([ask(pod.connection), ask(pod.connection)]);
    for (const socket of gate.accepted) socket.destroy();
    expect((await work).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    pod.connection.close();
    await gate.stop();
  });
});

describe('a connection that died without a word', () => {
  it.each([
    ['both', ''],
    ['the subscriber', 'ssubscribe'],
  ])('(%s) is found by the canary', async (_which, onlyWith) => {
    const gate = await TcpGate.start(redis.url);
    const pod = await listening(gate.url, { canaryMs: 50, commandTimeoutMs: 500 });
    const connections = gate.accepted.length;
    gate.onlyWith = onlyWith;
    gate.swallows = 'everything';
    await eventually('new connections', () => gate.accepted.length > connections);
    gate.swallows = 'nothing';
    await eventually('the doubt', () => pod.doubts > 0);
    await admin.spublish(pod.channel, 'after');
    await eventually('the message', () => pod.heard.includes('after'));
    pod.connection.close();
    await gate.stop();
  });

  it('rejects a command at its deadline', async () => {
    const gate = await TcpGate.start(redis.url);
    const pod = await listening(gate.url, { commandTimeoutMs: 50 });
    gate.swallows = 'answers';
    await expect(ask(pod.connection)).rejects.toMatchObject({ code: 'unavailable' });
    expect(pod.connection.commands.healthy).toBe(false);
    gate.swallows = 'nothing';
    await eventually('the doubt', () => pod.doubts > 0);
    pod.connection.close();
    await gate.stop();
  });

  it('is not suspected while its canaries come back', async () => {
    const pod = await listening(redis.url, { canaryMs: 20 });
    const published = async () =>
      Number(/cmdstat_spublish:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
    const before = await published();
    await eventually('ten canaries', async () => (await published()) - before >= 10);
    expect(pod.doubts).toBe(0);
  });
});

describe('a subscription', () => {
  it('is one command for all that one turn asks for', async () => {
    const pod = await listening(redis.url);
    const calls = async () => Number(/cmdstat_ssubscribe:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
    const before = await calls();
    const names = Array.from({ length: 500 }, (_, index) => `${pod.channel}:${index}`);
    await Promise.all(names.map((name) => pod.connection.subscriber.subscribe(name, () => undefined)));
    expect((await calls()) - before).toBe(1);
  });

  it('ends in Redis with its last listener, and not before', async () => {
    const pod = await listening(redis.url);
    const subscribers = async () => ((await admin.pubsub('SHARDNUMSUB', pod.channel)) as [string, number])[1];
    const [one, two] = [() => undefined, () => undefined];
    await pod.connection.subscriber.subscribe(pod.channel, one);
    await pod.connection.subscriber.subscribe(pod.channel, two);
    pod.connection.subscriber.unsubscribe(pod.channel, one);
    await pod.connection.subscriber.subscribe(`${pod.channel}:other`, one);
    expect(await subscribers()).toBe(1);
    pod.connection.subscriber.unsubscribe(pod.channel, two);
    await admin.spublish(pod.channel, 'still heard');
    await eventually('the message', () => pod.heard.length === 1);
  });

  it('that ends and begins again within a turn is one that Redis has confirmed', async () => {
    const pod = await listening(redis.url);
    const { subscriber } = pod.connection;
    for (let round = 0; round < 20; round += 1) {
      const heard: string[] = [];
      const listener = (message: string) => heard.push(message);
      const name = `${pod.channel}:again`;
      const asked = subscriber.subscribe(name, listener);
      if (round % 2 === 0) await asked;
      subscriber.unsubscribe(name, listener);
      if (round % 3 === 0) await ask(pod.connection);
      await subscriber.subscribe(name, listener);
      expect(await admin.spublish(name, String(round))).toBe(1);
      await eventually('the message', () => heard.length === 1);
      subscriber.unsubscribe(name, listener);
      await asked;
    }
  });
});

describe('what Redis is', () => {
  it('is asked once: one that may evict keys is a warning', async () => {
    const events: [string, unknown][] = [];
    const logger = { ...silentLogger, warn: (event: string, fields?: unknown) => events.push([event, fields]) };
    await connectionTo(redis.url, { logger }).start();
    expect(events).toEqual([]);
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await connectionTo(redis.url, { logger }).start();
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    expect(events).toEqual([['redis.may-evict', { maxmemoryPolicy: 'allkeys-lru', wanted: 'noeviction' }]]);
  });

  it('says what time it is, whatever the clock of the pod says', async () => {
    const hourAhead = { ...systemClock, now: () => Date.now() + 3_600_000 };
    const connection = connectionTo(redis.url, { clock: hourAhead });
    await connection.start();
    const [seconds, microseconds] = await admin.time();
    const redisMs = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
    expect(Math.abs(connection.commands.timeMs('{x}:key') - redisMs)).toBeLessThan(1_000);
  });

  it('may change its password: the file is read again at every connect', async () => {
    const server = await startRedisServer({ alwaysOwn: true, args: ['--requirepass', 'first'] });
    const passwordFile = await files.write('password', 'first\n');
    const connection = connectionTo(server.url, { passwordFile });
    await connection.start();
    expect(await ask(connection)).toEqual([false]);
    const operator = redisAdmin(server.url.replace('redis://', 'redis://:first@'));
    await files.write('password', 'second\n');
    await operator.config('SET', 'requirepass', 'second');
    await operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await eventually('an answer', () => ask(connection));
    operator.disconnect();
    connection.close();
    await server.stop();
  });
});
