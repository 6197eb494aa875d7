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
    what: 'a Redis of its own beside yours',
    values: { redis: { url: 'redis://redis:6379', dev: { enabled: true } } },
    says: 'Both redis.url and redis.dev.enabled are set',
  },
  {
    what: 'a password for the development Redis, which has none',
    values: { redis: { existingSecret: 'redis', dev: { enabled: true } } },
    says: 'the Redis of redis.dev.enabled has no password',
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
