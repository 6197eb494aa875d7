import { describe, expect } from '@jest/globals';
import { type ChartValues, lintChart, renderChart } from '../support/kubernetes/chart.js';
import { itWithHelm } from '../support/kubernetes/cluster-here.js';

const working: ChartValues = { redis: { dev: { enabled: true } } };

interface Refusal {
  readonly what: string;
  readonly values: ChartValues;
  readonly says: string;
}

const refusals: readonly Refusal[] = [
  {
    what: 'a drain that is a second longer than the grace period',
    values: { ...working, drain: { graceSeconds: 150, preStopSeconds: 1 } },
    says: 'preStop 1 s + hold 90 s + handOver 40 s + close 5 s + reserve 15 s = 151 s, but drain.graceSeconds is 150 s',
  },
  {
    what: 'pods without a Redis to share',
    values: { replicas: 2 },
    says: 'There is no Redis: it keeps every session and message, and is all that pods share (replicas is 2)',
  },
  {
    what: 'several pods that keep everything in their memory',
    values: { storage: 'memory', replicas: 2 },
    says: 'storage is memory, and replicas is 2: pods share nothing then',
  },
  {
    what: 'a Redis for a pod that keeps everything in its memory',
    values: { ...working, storage: 'memory', replicas: 1 },
    says: 'redis.dev.enabled is set, but storage is memory',
  },
  {
    what: 'a Redis of its own beside yours',
    values: { redis: { url: 'redis://redis:6379', dev: { enabled: true } } },
    says: 'redis.url and redis.dev.enabled are set: Baton uses one Redis',
  },
  {
    what: 'a password for the development Redis, which has none',
    values: { redis: { existingSecret: 'redis', dev: { enabled: true } } },
    says: 'the Redis of redis.dev.enabled has no password',
  },
  {
    what: 'two places of Redis',
    values: { redis: { url: 'redis://redis:6379', cluster: { nodes: ['redis:6379'] } } },
    says: 'redis.url and redis.cluster.nodes are set: Baton uses one Redis',
  },
  {
    what: 'sentinels that know no name',
    values: { redis: { sentinel: { nodes: ['sentinel:26379'] } } },
    says: 'redis.sentinel.nodes is set without redis.sentinel.name',
  },
  {
    what: 'certificates for TLS that is off',
    values: { redis: { url: 'redis://redis', tls: { serverName: 'redis.example.com' } } },
    says: 'but TLS is off: set redis.tls.enabled',
  },
  {
    what: 'a client certificate without the Secret that has it',
    values: { redis: { url: 'rediss://redis', tls: { clientCertificate: true } } },
    says: 'without redis.tls.existingSecret, which has them',
  },
  {
    what: 'an HMAC algorithm with a public key',
    values: { ...working, auth: { tokens: { key: 'public-key', algorithms: ['RS256', 'HS256'] } } },
    says: 'auth.tokens.algorithms has HS256, which doesn\'t go with auth.tokens.key "public-key"',
  },
  {
    what: 'a misspelt value',
    values: { ...working, drain: { holdSecond: 10 } },
    says: "additional properties 'holdSecond' not allowed",
  },
];

describe('the chart', () => {
  itWithHelm.each(refusals)('refuses $what, and says so', async ({ values, says }) => {
    const { status, stderr } = await renderChart(values);
    expect({ status, saysSo: stderr.includes(says) ? says : stderr }).toEqual({ status: 1, saysSo: says });
  });

  itWithHelm('renders sentinels, an ACL user and certificates of a Secret', async () => {
    const sentinel = { nodes: ['a:26379', 'b:26379'], name: 'main', existingSecret: 'sentinel' };
    const tls = { enabled: true, existingSecret: 'certificates', caKey: 'ca.crt', clientCertificate: true };
    const { status, stdout } = await renderChart({ redis: { sentinel, username: 'baton', existingSecret: 'r', tls } });
    expect(status).toBe(0);
    const set = [...stdout.matchAll(/- name: BATON_REDIS_(\w+)\n +value: "?([^"\n]*)"?\n/g)];
    expect(Object.fromEntries(set.map(([, key = '', value = '']) => [key, value]))).toMatchObject({
      SENTINELS: 'a:26379,b:26379',
      SENTINEL_NAME: 'main',
      SENTINEL_PASSWORD_FILE: '/etc/baton/sentinel/password',
      USERNAME: 'baton',
      PASSWORD_FILE: '/etc/baton/redis/password',
      TLS: 'true',
      TLS_CA_FILE: '/etc/baton/redis-tls/ca.crt',
      TLS_CERT_FILE: '/etc/baton/redis-tls/tls.crt',
      TLS_KEY_FILE: '/etc/baton/redis-tls/tls.key',
    });
    expect(stdout).not.toContain('BATON_REDIS_URL');
  });

  itWithHelm('renders one pod that keeps everything in its memory, and never two at a time', async () => {
    const { status, stdout, stderr } = await renderChart({ storage: 'memory', replicas: 1 });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('name: BATON_STORAGE\n              value: memory\n');
    expect(stdout).toContain('type: Recreate');
    expect(stdout).not.toContain('BATON_REDIS_URL');
  });

  itWithHelm('renders a drain that exactly fits', async () => {
    const drain = {
      graceSeconds: 60,
      preStopSeconds: 5,
      holdSeconds: 30,
      handOverSeconds: 10,
      closeSeconds: 5,
      reserveSeconds: 10,
    };
    const { status, stdout, stderr } = await renderChart({ ...working, drain });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('terminationGracePeriodSeconds: 60\n');
    expect(stdout).toContain('name: BATON_DRAIN_GRACE_MS\n              value: "60000"\n');
  });

  itWithHelm('lints without a warning', async () => {
    const { status, stdout } = await lintChart(working);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('0 chart(s) failed') });
  });
});
