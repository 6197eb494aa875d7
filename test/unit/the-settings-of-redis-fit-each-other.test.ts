import { describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig, type Environment } from '../../src/config/load-config.js';

const others: Environment = {
  BATON_TOKEN_SECRET_FILE: '/etc/baton/token-secret',
  BATON_RESUME_KEYS_FILE: '/etc/baton/resume-keys',
};
const single = { BATON_REDIS_URL: 'redis://127.0.0.1:6379' };
const sentinel = { BATON_REDIS_SENTINELS: 's1:26379, [::1]:26380', BATON_REDIS_SENTINEL_NAME: 'main' };
const cluster = { BATON_REDIS_CLUSTER_NODES: 'c1:7000,c2:7001' };

const redisOf = (env: Environment) => loadConfig({ ...others, ...env }).redis;

function problemOf(env: Environment): string {
  try {
    redisOf(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('Redis is', () => {
  it('a single server, in memory, without TLS, unless more is said', () => {
    expect(redisOf(single)).toMatchObject({
      topology: { kind: 'single', url: 'redis://127.0.0.1:6379' },
      username: null,
      tls: null,
      durability: { replicas: 0, waitMs: 1_000 },
    });
  });

  it('the master that sentinels name', () => {
    const more = { BATON_REDIS_SENTINEL_USERNAME: 'watcher', BATON_REDIS_SENTINEL_PASSWORD_FILE: '/sentinel' };
    expect(redisOf({ ...sentinel, ...more }).topology).toEqual({
      kind: 'sentinel',
      sentinels: [
        { host: 's1', port: 26_379 },
        { host: '::1', port: 26_380 },
      ],
      name: 'main',
      username: 'watcher',
      passwordFile: '/sentinel',
    });
  });

  it('a cluster', () => {
    const nodes = [
      { host: 'c1', port: 7_000 },
      { host: 'c2', port: 7_001 },
    ];
    expect(redisOf(cluster).topology).toEqual({ kind: 'cluster', nodes });
  });

  it('reached over TLS, by the URL or by the switch', () => {
    const none = { caFile: null, certFile: null, keyFile: null, serverName: null };
    expect(redisOf({ BATON_REDIS_URL: 'rediss://r' }).tls).toEqual(none);
    const files = {
      BATON_REDIS_TLS: 'true',
      BATON_REDIS_TLS_CA_FILE: '/ca',
      BATON_REDIS_TLS_CERT_FILE: '/cert',
      BATON_REDIS_TLS_KEY_FILE: '/key',
      BATON_REDIS_TLS_SERVER_NAME: 'redis.test',
    };
    const all = { caFile: '/ca', certFile: '/cert', keyFile: '/key', serverName: 'redis.test' };
    expect(redisOf({ ...cluster, ...files }).tls).toEqual(all);
  });

  it('as durable as it is said to be', () => {
    const durability = { BATON_REDIS_DURABILITY: 'replicas:2', BATON_REDIS_REPLICA_WAIT_MS: '300' };
    expect(redisOf({ ...single, ...durability }).durability).toEqual({ replicas: 2, waitMs: 300 });
  });
});

describe('refused is', () => {
  const places = /BATON_REDIS_URL, BATON_REDIS_SENTINELS, BATON_REDIS_CLUSTER_NODES: exactly one of the three/;
  const refusals: readonly (readonly [string, Environment, RegExp])[] = [
    ['no Redis', {}, places],
    ['two of them', { ...single, ...cluster }, places],
    ['all three', { ...single, ...sentinel, ...cluster }, places],
    ['sentinels without a name', { ...sentinel, BATON_REDIS_SENTINEL_NAME: '' }, /sentinels need the name of a master/],
    ['a name without sentinels', { ...single, BATON_REDIS_SENTINEL_NAME: 'x' }, /for sentinels, and there are none/],
    ['a sentinel without a port', { ...sentinel, BATON_REDIS_SENTINELS: 's1' }, /must be pairs of host:port/],
    ['a node with an impossible port', { BATON_REDIS_CLUSTER_NODES: 'c1:70000' }, /must be pairs of host:port/],
    ['authorities without TLS', { ...single, BATON_REDIS_TLS_CA_FILE: '/ca' }, /for TLS, which is off/],
    [
      'a certificate without its key',
      { BATON_REDIS_URL: 'rediss://r', BATON_REDIS_TLS_CERT_FILE: '/cert' },
      /both must be set, or neither/,
    ],
    ['a durability of no replicas', { ...single, BATON_REDIS_DURABILITY: 'replicas:0' }, /memory or replicas:<1 to 9>/],
    [
      'a wait that leaves no time for a repeat',
      { ...single, BATON_REDIS_DURABILITY: 'replicas:1', BATON_REDIS_REPLICA_WAIT_MS: '60000' },
      /below the append deadline/,
    ],
  ];
  it.each(refusals)('%s', (_what, env, problem) => {
    expect(problemOf(env)).toMatch(problem);
  });
});
