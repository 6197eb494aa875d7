import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Environment } from '../../src/config/load-config.js';
import { asPodId } from '../../src/protocol/ids.js';
import { RedisFleetTable } from '../../src/fleet/redis-fleet-table.js';
import { RedisKeys } from '../../src/redis/keys.js';
import { baton, startBaton } from '../support/cli/baton.js';
import { eventually } from '../support/eventually.js';
import { podRow } from '../support/pod-rows.js';
import { writeSecrets } from '../support/pods/pod-environment.js';
import { redisAdmin } from '../support/redis-admin.js';
import { connectRedis } from '../support/redis-connection.js';
import { withTopology } from '../support/redis-topologies/with-topology.js';
import { withTemporaryFiles } from '../support/temporary-files.js';
import { withRedis } from '../support/with-redis.js';

const guide = readFileSync(new URL('../../docs/redis.md', import.meta.url), 'utf8');
const redis = withRedis({ alwaysOwn: true });
const files = withTemporaryFiles();
const ended: (() => unknown)[] = [];
let env: Environment;

beforeEach(async () => {
  const { environment } = await writeSecrets(files.directory, []);
  env = { ...environment, BATON_REDIS_URL: redis.url, BATON_CAPACITY: '10' };
});
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

function operator(): ReturnType<typeof redisAdmin> {
  const admin = redisAdmin(redis.url);
  ended.push(() => admin.disconnect());
  return admin;
}
const set = async (setting: string, value: string): Promise<void> => {
  const admin = operator();
  const [, before] = (await admin.config('GET', setting)) as [string, string];
  await admin.config('SET', setting, value);
  ended.push(() => admin.config('SET', setting, before));
};

interface Line {
  readonly status: string;
  readonly what: string;
  readonly says: string;
}
async function check(more: Environment = {}): Promise<{ readonly code: number; readonly lines: readonly Line[] }> {
  const { code, out, err } = await baton(['check', '--json'], { ...env, ...more });
  expect(err).toBe('');
  return { code, lines: out.map((line) => JSON.parse(line) as Line) };
}
const saying = (lines: readonly Line[], status: string): readonly string[] =>
  lines.filter((line) => line.status === status).map(({ says }) => says);

describe('baton check', () => {
  it('finds nothing where there is nothing, and says each thing that it has looked at', async () => {
    await set('maxmemory', '1gb');
    await set('maxmemory-policy', 'noeviction');
    await set('appendonly', 'yes');
    const { code, lines } = await check();
    expect(lines.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(code).toBe(0);
    expect(new Set(lines.map(({ what }) => what.replace(/ 127.*/, '')))).toEqual(
      new Set(['configuration', 'token key', 'resume keys', 'API keys', 'open files', 'redis']),
    );
    expect((await baton(['check'], env)).out[0]).toMatch(/^ok {4}configuration +valid$/);
  });

  it('warns of what may be lost, and ends with 1', async () => {
    await set('maxmemory', '0');
    await set('maxmemory-policy', 'noeviction');
    const { code, lines } = await check();
    expect(code).toBe(1);
    expect(saying(lines, 'warn').join()).toMatch(/maxmemory is not set.*no append-only file/);
  });

  it('fails where a pod could not keep its promises, and ends with 2', async () => {
    await set('maxmemory-policy', 'allkeys-lru');
    const { code, lines } = await check({
      BATON_REDIS_DURABILITY: 'replicas:1',
      BATON_RESUME_KEYS_FILE: '/nowhere/resume-keys',
      BATON_WEBHOOKS_FILE: '/nowhere/receivers.json',
      BATON_CAPACITY: '1000000',
    });
    expect(code).toBe(2);
    const failed = saying(lines, 'fail').join('\n');
    expect(failed).toContain('resume keys in /nowhere/resume-keys');
    expect(failed).toContain('webhooks in /nowhere/receivers.json');
    expect(failed).toContain('maxmemory-policy allkeys-lru');
    expect(failed).toContain('0 replicas, BATON_REDIS_DURABILITY waits for 1');
  });

  it('takes the user of the guide, and names what another may not do', async () => {
    const admin = operator();
    const [, rule = ''] = /ACL SETUSER (baton .*)/.exec(guide) ?? [];
    await admin.call('ACL', 'SETUSER', ...rule.replace('PASSWORD', 'secret').split(' '));
    ended.push(() => admin.call('ACL', 'DELUSER', 'baton'));
    const user = { BATON_REDIS_USERNAME: 'baton', BATON_REDIS_PASSWORD_FILE: await files.write('password', 'secret') };
    expect(saying((await check(user)).lines, 'ok').join('\n')).toContain('its user may do all that a pod needs');
    await admin.call('ACL', 'SETUSER', 'baton', '-xadd', '-info');
    const { code, lines } = await check(user);
    expect(code).toBe(2);
    expect(saying(lines, 'fail').join('\n')).toMatch(/its user may not use XADD.*INFO/);
    const outside = await check({ ...user, BATON_REDIS_KEY_PREFIX: 'other:' });
    expect(saying(outside.lines, 'fail').join('\n')).toMatch(/its user may not use .*HSET/);
    await admin.call('ACL', 'SETUSER', 'baton', 'resetpass', '>another');
    const refused = await check(user);
    expect(saying(refused.lines, 'fail').join('\n')).toContain('WRONGPASS');
    expect(JSON.stringify(refused.lines)).not.toContain('secret"');
  });

  it('says what is wrong with the configuration, and whom it can’t reach', async () => {
    const { code, lines } = await check({ BATON_PORT: 'http' });
    expect({ code, says: saying(lines, 'fail') }).toEqual({
      code: 2,
      says: ['BATON_PORT: must be a whole number from 0 to 65535, not "http"'],
    });
    const away = await check({ BATON_REDIS_URL: 'redis://127.0.0.1:1' });
    expect(away.code).toBe(2);
    expect(saying(away.lines, 'fail').join()).toContain('ECONNREFUSED');
  });
});

describe('baton fleet', () => {
  it('shows the pods that beat, the oldest first, and again until it is interrupted', async () => {
    const keyPrefix = redis.keyPrefix();
    const connection = await connectRedis(redis.url, keyPrefix);
    ended.push(() => connection.close());
    const beat = async (name: string, more: object): Promise<void> => {
      const table = new RedisFleetTable(connection.commands, new RedisKeys(keyPrefix), asPodId(name), 10_000);
      await table.beat(podRow(name, { beatAtMs: Date.now(), ...more }));
    };
    await beat('young', { startedAtMs: 2_000, state: 'starting', readySinceMs: null });
    await beat('old', { startedAtMs: 1_000, connections: 7, capacity: 10 });
    const settings = { ...env, BATON_REDIS_KEY_PREFIX: keyPrefix };
    const { code, out, err } = await baton(['fleet'], settings);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out[0]).toMatch(/^POD +WORKLOAD +REVISION +STATE +CONNECTIONS +READY FOR +LAST BEAT$/);
    expect(out[1]).toMatch(/^old .* serving +7 of 10 +.* \d\.\d s ago$/);
    expect(out[2]).toMatch(/^young .* starting .* - /);
    expect(out.at(-1)).toBe('2 pods, 7 connections');
    const live = startBaton(['fleet', '--json', '--every', '1s'], { env: settings });
    await eventually('two looks', () => live.out.length > 1);
    expect((await live.interrupt()).code).toBe(0);
    expect(JSON.parse(live.out[1] ?? '')).toMatchObject({ pods: [{ name: 'old' }, { name: 'young' }] });
  });

  it('ends with 3 when Redis is away', async () => {
    const away = await baton(['fleet', '--once'], { ...env, BATON_REDIS_URL: 'redis://127.0.0.1:1' });
    expect(away).toMatchObject({ code: 3, out: [], err: expect.stringContaining('baton fleet: unavailable') });
  });
});

describe('baton config', () => {
  it('shows where each value is from, and of a secret only that it is set', async () => {
    const url = 'redis://:a-password@127.0.0.1:6379';
    const { code, out } = await baton(['config', '--json'], { ...env, BATON_REDIS_URL: url });
    expect(code).toBe(0);
    expect(out.join()).not.toContain('a-password');
    const settings = new Map(
      out.map((line) => [(JSON.parse(line) as { key: string }).key, JSON.parse(line) as unknown]),
    );
    expect(settings.get('BATON_REDIS_URL')).toMatchObject({ value: 'set', fallback: null, from: 'environment' });
    expect(settings.get('BATON_CAPACITY')).toMatchObject({ value: '10', fallback: '20000', from: 'environment' });
    expect(settings.get('BATON_PORT')).toMatchObject({ value: '8080', fallback: '8080', from: 'default' });
  });

  it('says what is wrong, and ends with 1', async () => {
    const { code, out, err } = await baton(['config', '--set'], { ...env, BATON_PORT: 'http' });
    expect(code).toBe(1);
    expect(err).toBe('BATON_PORT: must be a whole number from 0 to 65535, not "http"');
    expect(out.find((line) => line.startsWith('BATON_PORT '))).toMatch(/http +8080 +environment: must be a whole/);
    expect(out.some((line) => line.startsWith('BATON_HEALTH_PORT'))).toBe(false);
  });
});

describe.each(['sentinel', 'cluster'] as const)('on a topology: %s', (kind) => {
  const topology = withTopology(kind);

  it('baton check looks at every master, and baton fleet finds the pods', async () => {
    const { BATON_REDIS_URL: _none, ...others } = env;
    const settings = { ...others, ...topology().environment };
    const masters = await topology().masters();
    const { out } = await baton(['check', '--json'], settings);
    const lines = out.map((line) => JSON.parse(line) as Line).filter(({ what }) => what.startsWith('redis '));
    expect(new Set(lines.map(({ what }) => what)).size).toBe(masters.length);
    expect(saying(lines, 'fail')).toEqual([]);
    expect(saying(lines, 'ok').filter((says) => says === 'its user may do all that a pod needs')).toHaveLength(
      masters.length,
    );
    expect(await baton(['fleet'], settings)).toMatchObject({ code: 0, err: '' });
  });
});
