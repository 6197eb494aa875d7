import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { redisAdmin } from '../support/redis-admin.js';
import { connectRedis } from '../support/redis-connection.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

const key = 'x:{a}:pub';
const touch = { script: 'touch', keys: [key], args: [60_000] } as const;
const WAIT_MS = 300;

let master: RedisServer;
let replica: RedisServer;
const servers: RedisServer[] = [];

beforeAll(async () => {
  const args = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];
  master = await startRedisServer({ alwaysOwn: true, args });
  const follow = ['--replicaof', '127.0.0.1', String(master.port)];
  replica = await startRedisServer({ alwaysOwn: true, args: [...args, ...follow] });
  servers.push(replica, master);
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
});

const signal = (server: RedisServer, name: NodeJS.Signals) => {
  if (server.pid !== undefined) process.kill(server.pid, name);
};

async function durableConnection(replicas: number) {
  const durability = { replicas, waitMs: WAIT_MS };
  return connectRedis(master.url, 'x:', { durability, canaryMs: 60_000, commandTimeoutMs: 5_000 });
}

describe('with replicas:1', () => {
  it('a call resolves once the replica has it, and not while the replica is away; a repeat asks again', async () => {
    const connection = await durableConnection(1);
    const admin = redisAdmin(master.url);
    const copy = redisAdmin(replica.url);
    await admin.hset(key, 'last', 1);
    await eventually('the replica to follow', async () => (await copy.exists(key)) === 1);
    expect(await connection.commands.runDurably(touch)).toBe(1);
    expect(await copy.pttl(key)).toBeGreaterThan(0);
    signal(replica, 'SIGSTOP');
    try {
      const refused = { code: 'unavailable' };
      await expect(connection.commands.runDurably(touch)).rejects.toMatchObject(refused);
      // Whoever doesn't ask for replicas isn't held up by those who do.
      const slow = connection.commands.runDurably({ ...touch, keys: ['x:{a}:none'] });
      expect(await connection.commands.run(touch)).toBe(1);
      // Nothing was written by this one, and still what was written before isn't confirmed.
      await expect(slow).rejects.toMatchObject(refused);
    } finally {
      signal(replica, 'SIGCONT');
    }
    await eventually('the repeat to be confirmed', async () => (await connection.commands.runDurably(touch)) === 1);
    connection.close();
    admin.disconnect();
    copy.disconnect();
  });

  it('many calls wait together', async () => {
    const connection = await durableConnection(1);
    const admin = redisAdmin(master.url);
    const waits = async () => Number(/cmdstat_wait:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
    const before = await waits();
    const replies = await Promise.all(Array.from({ length: 200 }, () => connection.commands.runDurably(touch)));
    expect(replies).toHaveLength(200);
    expect((await waits()) - before).toBeLessThan(5);
    connection.close();
    admin.disconnect();
  });
});

it('with more replicas than there are, nothing is acknowledged, and what fails for itself says so', async () => {
  const connection = await durableConnection(2);
  await expect(connection.commands.runDurably(touch)).rejects.toMatchObject({ code: 'unavailable' });
  const admin = redisAdmin(master.url);
  await admin.set('x:{a}:text', 'no hash');
  const wrong = { script: 'detach', keys: ['x:{a}:text'], args: ['t', 1, 'c', 1] } as const;
  await expect(connection.commands.runDurably(wrong)).rejects.toMatchObject({ code: 'internal' });
  connection.close();
  admin.disconnect();
});
