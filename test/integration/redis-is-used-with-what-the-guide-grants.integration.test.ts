import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { install, startPodHere } from '../support/in-process-pod.js';
import { RawClient } from '../support/raw-client.js';
import { redisAdmin } from '../support/redis-admin.js';
import { connectRedis } from '../support/redis-connection.js';
import { withTemporaryFiles } from '../support/temporary-files.js';
import { withRedis } from '../support/with-redis.js';

const scripts = new URL('../../src/redis/scripts/', import.meta.url);
const guide = readFileSync(new URL('../../docs/redis.md', import.meta.url), 'utf8');
const redis = withRedis({ alwaysOwn: true });
const files = withTemporaryFiles();
type Admin = ReturnType<typeof redisAdmin>;
const ended: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

function operator(): Admin {
  const admin = redisAdmin(redis.url);
  ended.push(() => admin.disconnect());
  return admin;
}

/** The user of the guide, with another password. */
async function makeUser(admin: Admin, password: string): Promise<void> {
  const [, rule = ''] = /ACL SETUSER (baton .*)/.exec(guide) ?? [];
  await admin.call('ACL', 'SETUSER', ...rule.replace('PASSWORD', password).split(' '));
}

describe('the user of the guide', () => {
  it('is enough for a pod with clients: Redis refuses nothing', async () => {
    const admin = operator();
    await makeUser(admin, 'first');
    await admin.call('ACL', 'LOG', 'RESET');
    const here = await install({ url: redis.url, keyPrefix: 'b:' }, []);
    ended.push(() => here.remove());
    const pod = await startPodHere(here.environment, 'a', {
      BATON_REDIS_USERNAME: 'baton',
      BATON_REDIS_PASSWORD_FILE: await files.write('password', 'first\n'),
      BATON_CANARY_MS: '50',
    });
    ended.push(() => pod.close());
    const client = await RawClient.open(`ws://127.0.0.1:${pod.port}/v1/connect`);
    const token = await here.token('acme', 'ann');
    const hello = { type: 'hello', attempt: 1, token, publisher: 'p', can: ['overlap'], hops: 0 };
    client.send({ ...hello, streams: { 'channel:room': null } });
    await client.next('subscribed');
    client.send({ type: 'publish', stream: 'channel:room', seq: 1, after: 0, data: 1 });
    await eventually('both', () => client.of('ack').length > 0 && client.of('message').length > 0);
    client.send({ type: 'bye' });
    await eventually('the goodbye', () => client.closed);
    expect(await admin.call('ACL', 'LOG')).toEqual([]);
    expect(await admin.keys('b:*')).not.toEqual([]);
  });

  it('may do all that scripts do', async () => {
    const admin = operator();
    await makeUser(admin, 'first');
    const used = readdirSync(scripts).flatMap((name) => {
      const text = readFileSync(new URL(name, scripts), 'utf8');
      return Array.from(text.matchAll(/redis\.p?call\(\s*'(\w+)'/g), ([, command = '']) => command.toLowerCase());
    });
    expect(new Set(used).size).toBeGreaterThan(15);
    const [, rule = ''] = /ACL SETUSER (baton .*)/.exec(guide) ?? [];
    const granted = rule.split(' ').flatMap((word) => /^\+([^@]\S*)$/.exec(word)?.[1] ?? []);
    for (const [, category = ''] of rule.matchAll(/\+@(\w+)/g))
      granted.push(...((await admin.call('COMMAND', 'LIST', 'FILTERBY', 'ACLCAT', category)) as string[]));
    expect([...new Set(used)].filter((command) => !granted.includes(command))).toEqual([]);
  });
});

describe('a password that is rotated live', () => {
  it('is taken up by connections that are made then; one that is refused meanwhile asks again', async () => {
    const admin = operator();
    await makeUser(admin, 'first');
    const passwordFile = await files.write('password', 'first');
    const connection = await connectRedis(redis.url, 'b:', { username: 'baton', passwordFile, canaryMs: 60_000 });
    ended.push(() => connection.close());
    const ask = () => connection.commands.text('b:{x}');
    expect(await ask()).toBeNull();
    await admin.call('ACL', 'SETUSER', 'baton', '>second', '<first');
    // Open connections stay.
    expect(await ask()).toBeNull();
    await admin.call('CLIENT', 'KILL', 'USER', 'baton');
    await eventually('the pod to be refused', async () => {
      const log = JSON.stringify(await admin.call('ACL', 'LOG'));
      return log.includes('"auth"');
    });
    await expect(ask()).rejects.toMatchObject({ code: 'unavailable' });
    await files.write('password', 'second');
    await eventually('the new password to be used', () => connection.commands.healthy);
    expect(await ask()).toBeNull();
  });
});
