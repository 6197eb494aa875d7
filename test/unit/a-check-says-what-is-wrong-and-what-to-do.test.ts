import { describe, expect, it } from '@jest/globals';
import { exitCodeOf, textOf, type CheckLine } from '../../src/cli/check/check-line.js';
import { judgeDescriptors } from '../../src/cli/check/machine-checks.js';
import { redisChecks } from '../../src/cli/check/redis-checks.js';
import { loadConfig } from '../../src/config/load-config.js';
import type { RedisFacts } from '../../src/redis/redis-inspection.js';

const configWith = (durability: string) =>
  loadConfig({
    BATON_REDIS_URL: 'redis://127.0.0.1',
    BATON_REDIS_DURABILITY: durability,
    BATON_TOKEN_SECRET_FILE: '/secret',
    BATON_RESUME_KEYS_FILE: '/resume',
  }).redis;

const good = {
  redis_version: '7.2.4',
  role: 'master',
  loading: '0',
  cluster_enabled: '0',
  maxmemory_policy: 'noeviction',
  maxmemory: '1000000',
  used_memory: '1000',
  aof_enabled: '1',
  aof_last_write_status: 'ok',
  connected_slaves: '2',
};
const place = { host: '127.0.0.1', port: 6379 };
const factsWith = (info: Readonly<Record<string, string>>, more: Partial<RedisFacts> = {}): RedisFacts => ({
  ...{ place, clockAheadMs: 3, uncertainMs: 1, refused: [], clusterState: null, writeRefusal: null },
  info: new Map(Object.entries({ ...good, ...info })),
  ...more,
});
const bad = (facts: RedisFacts, durability = 'memory'): readonly CheckLine[] =>
  redisChecks(facts, configWith(durability)).filter(({ status }) => status !== 'ok');

describe('of a Redis', () => {
  it('nothing, where nothing is wrong', () => {
    expect(bad(factsWith({}))).toEqual([]);
    expect(bad(factsWith({}), 'replicas:2')).toEqual([]);
    const more = { rdb_last_bgsave_status: 'ok', min_slaves_good_slaves: '1' };
    expect(bad(factsWith(more, { clusterState: 'ok' }))).toEqual([]);
  });

  it.each<[string, CheckLine['status'], string, RedisFacts]>([
    ['an old version', 'fail', 'version 6.2.1', factsWith({ redis_version: '6.2.1' })],
    ['one that loads', 'fail', 'it is loading', factsWith({ loading: '1' })],
    ['a replica', 'fail', 'its role is slave', factsWith({ role: 'slave' })],
    ['a node of a cluster', 'fail', 'it is a node of a cluster', factsWith({ cluster_enabled: '1' })],
    ['eviction', 'fail', 'maxmemory-policy volatile-ttl', factsWith({ maxmemory_policy: 'volatile-ttl' })],
    ['no bound of memory', 'warn', 'maxmemory is not set', factsWith({ maxmemory: '0' })],
    ['memory that is nearly full', 'warn', '0.9 MiB of 1.0 MiB', factsWith({ used_memory: '900000' })],
    ['memory that is full', 'fail', 'it refuses every write', factsWith({ used_memory: '1000000' })],
    ['a snapshot that failed', 'warn', 'snapshot failed', factsWith({ rdb_last_bgsave_status: 'err' })],
    ['replicas that lag', 'fail', 'none of its replicas', factsWith({ min_slaves_good_slaves: '0' })],
    ['a cluster that is down', 'fail', 'cluster is fail', factsWith({}, { clusterState: 'fail' })],
    ['a refused write', 'fail', 'MISCONF Redis', factsWith({}, { writeRefusal: 'MISCONF Redis is' })],
    ['no append-only file', 'warn', 'no append-only file', factsWith({ aof_enabled: '0' })],
    ['a full disk', 'fail', "can't be written", factsWith({ aof_last_write_status: 'err' })],
    ['a clock that is seconds off', 'warn', '2500 ms behind', factsWith({}, { clockAheadMs: -2_500 })],
    ['a clock that is a minute off', 'fail', '60000 ms ahead', factsWith({}, { clockAheadMs: 60_000 })],
    ['a user with less than it needs', 'fail', 'XADD, WAIT', factsWith({}, { refused: ['XADD', 'WAIT'] })],
    ['a user that cannot be looked up', 'warn', 'unknown', factsWith({}, { refused: null })],
    ['a user without INFO', 'warn', 'may not use INFO', factsWith({}, { info: null })],
  ])('%s is a %s', (_what, status, says, facts) => {
    const [line, ...others] = bad(facts);
    expect(others).toEqual([]);
    expect(line).toMatchObject({ what: 'redis 127.0.0.1:6379', status });
    expect(line?.says).toContain(says);
    expect(line?.toDo).toMatch(/\w{3}/);
  });

  it('a slow answer makes no wrong clock', () => {
    expect(bad(factsWith({}, { clockAheadMs: 1_500, uncertainMs: 800 }))).toEqual([]);
  });

  it('too few replicas for the durability are a fail', () => {
    expect(bad(factsWith({}), 'replicas:3')).toMatchObject([{ status: 'fail' }]);
  });
});

describe('of descriptors', () => {
  it.each([
    ['unlimited', 'ok'],
    ['20500', 'ok'],
    ['20499', 'warn'],
    ['1024', 'fail'],
    [null, 'ok'],
  ])('%s for 20,000 connections is %s', (limit, status) => {
    expect(judgeDescriptors(limit, 20_000).status).toBe(status);
  });
});

it('the worst line decides the exit code, and what to do is below it', () => {
  const line = (status: CheckLine['status']): CheckLine => ({
    status,
    what: 'x',
    says: 'y',
    toDo: status === 'ok' ? null : 'z',
  });
  expect(
    [['ok'], ['ok', 'warn'], ['fail', 'warn']].map((all) =>
      exitCodeOf(all.map((each) => line(each as CheckLine['status']))),
    ),
  ).toEqual([0, 1, 2]);
  expect(textOf([line('ok'), line('warn')])).toEqual(['ok    x  y', 'warn  x  y', '         z']);
});
