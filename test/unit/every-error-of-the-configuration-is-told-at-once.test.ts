import { describe, expect, it } from '@jest/globals';
import { allOptions, ConfigError, loadConfig, type Environment } from '../../src/config/load-config.js';

const complete: Environment = {
  BATON_REDIS_URL: 'redis://127.0.0.1:6379',
  BATON_TOKEN_SECRET_FILE: '/etc/baton/token-secret',
  BATON_RESUME_KEYS_FILE: '/etc/baton/resume-keys',
};

/** Sessions that live as briefly as a client's backoff allows. */
const shortLived: Environment = {
  ...{ BATON_WINDOW_MS: '60000', BATON_SESSION_TTL_MS: '130000', BATON_SESSION_SWEEP_MS: '60000' },
};

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('a configuration that can work', () => {
  it('needs three variables; everything else has a default', () => {
    expect(problemsOf({})).toEqual([
      'BATON_RESUME_KEYS_FILE: is required',
      'BATON_REDIS_URL, BATON_REDIS_SENTINELS, BATON_REDIS_CLUSTER_NODES: exactly one of the three must be set',
      'BATON_TOKEN_SECRET_FILE, BATON_TOKEN_PUBLIC_KEY_FILE: exactly one of the two must be set',
    ]);
    expect(loadConfig(complete)).toMatchObject({
      server: { port: 8080, healthPort: 8081 },
      redis: { keyPrefix: 'b:', passwordFile: null },
      auth: { algorithms: ['HS256'] },
      sessions: { ttlMs: 900_000 },
      drain: { graceMs: 150_000, holdMs: 90_000 },
      pod: { advertisedUrl: null },
    });
  });

  it('needs no Redis to keep everything in memory, and takes none', () => {
    const { BATON_REDIS_URL: _without, ...others } = complete;
    expect(loadConfig({ ...others, BATON_STORAGE: 'memory' }).storage).toBe('memory');
    expect(loadConfig(complete).storage).toBe('redis');
    expect(problemsOf({ ...complete, BATON_STORAGE: 'memory' })).toEqual([
      'BATON_STORAGE, BATON_REDIS_URL, BATON_REDIS_SENTINELS, BATON_REDIS_CLUSTER_NODES: ' +
        'storage in memory leaves no use for a Redis',
    ]);
  });

  it('is typed: numbers, lists and URLs are read', () => {
    const config = loadConfig({
      ...complete,
      BATON_PORT: '0',
      BATON_HEALTH_PORT: '0',
      BATON_ALLOWED_ORIGINS: 'https://app.example.com, http://localhost:3000',
      BATON_ADVERTISED_URL: 'wss://a.example.com/v1/connect',
    });
    expect(config.server).toEqual({ host: '0.0.0.0', port: 0, healthPort: 0 });
    expect(config.connections.allowedOrigins).toEqual(['https://app.example.com', 'http://localhost:3000']);
    expect(config.pod.advertisedUrl).toBe('wss://a.example.com/v1/connect');
  });

  it('is frozen in every part', () => {
    const config = loadConfig({ ...complete, BATON_ALLOWED_ORIGINS: 'https://app.example.com' });
    const sections: readonly object[] = Object.values(config);
    const parts = [config, ...sections, config.auth.algorithms, config.connections.allowedOrigins];
    expect(parts.filter((part) => !Object.isFrozen(part))).toEqual([]);
  });

  it('takes an empty variable for one that is not set, and leaves others alone', () => {
    const ofCommands = { BATON_URL: 'http://x', BATON_API_KEY: 'k', BATON_TOKEN: 't' };
    expect(loadConfig({ ...complete, ...ofCommands, BATON_API_KEYS_FILE: '', PATH: '/bin', OTHER: 'x' })).toEqual(
      loadConfig(complete),
    );
  });
});

describe('a configuration with errors', () => {
  it('tells all of them in one go, each with its variable', () => {
    const problems = problemsOf({
      ...complete,
      BATON_PORT: '99999',
      BATON_LOG_LEVEL: 'loud',
      BATON_WINDOW_MS: '10m',
      BATON_REDIS_URL: 'http://127.0.0.1',
      BATON_CAPACTIY: '5',
      BATON_BEAT_MS: '9000',
    });
    expect(problems).toEqual([
      'BATON_CAPACTIY: is no setting; docs/configuration.md lists all of them',
      'BATON_PORT: must be a whole number from 0 to 65535, not "99999"',
      'BATON_REDIS_URL: must be a URL that begins with redis:// or rediss://',
      'BATON_WINDOW_MS: must be a whole number from 1 to 86400000, not "10m"',
      'BATON_LOG_LEVEL: must be one of debug, info, warn, error, silent, not "loud"',
      'BATON_BEAT_TTL_MS, BATON_BEAT_MS: a pod must be allowed to miss two beats: the TTL is below three beats',
    ]);
  });

  it('never shows the URL of Redis, which may hold a password', () => {
    expect(problemsOf({ ...complete, BATON_REDIS_URL: 'rdis://:geheim@host' }).join()).not.toContain('geheim');
  });

  it('knows the variables that Kubernetes makes for a Service named baton', () => {
    const [problem] = problemsOf({ ...complete, BATON_SERVICE_HOST: '10.0.0.1' });
    expect(problem).toMatch(/^BATON_SERVICE_HOST: .*enableServiceLinks/);
  });

  it.each([
    ['a drain that does not fit into the grace period', { BATON_DRAIN_HOLD_MS: '91000' }, /151000 ms.*150000 ms/],
    ['a session that ends before its client is back', { BATON_SESSION_TTL_MS: '669999' }, /at least .* = 670000 ms/],
    ['a sweep that comes too late', { BATON_SESSION_SWEEP_MS: '750001' }, /at most 750000 ms each, not 750001/],
    [
      'a grace after which the session is gone',
      { ...shortLived, BATON_WEBHOOKS_FILE: '/w.json', BATON_WEBHOOKS_GRACE_MS: '130000' },
      /grace must be below the session TTL of 130000 ms, not 130000 ms/,
    ],
    ['a public key and an HMAC algorithm', asymmetric('RS256,HS256'), /HS256 can't be verified with a public key/],
    ['a secret and an asymmetric algorithm', { BATON_TOKEN_ALGORITHMS: 'EdDSA' }, /EdDSA .* with a secret/],
    ['both kinds of keys', { BATON_TOKEN_PUBLIC_KEY_FILE: '/k.pem' }, /exactly one of the two/],
    ['repeats that are late', { BATON_APPEND_DEADLINE_MS: '10000' }, /append deadline must be below/],
    ['one port for clients and probes', { BATON_HEALTH_PORT: '8080' }, /two different ports/],
    ['no algorithm at all', { BATON_TOKEN_ALGORITHMS: 'none' }, /must be names of JWT algorithms/],
    ['a key prefix that would move the hash tag', { BATON_REDIS_KEY_PREFIX: 'a{b}:' }, /must be letters/],
    ['an origin with a path', { BATON_ALLOWED_ORIGINS: 'https://a.example.com/x' }, /must be origins/],
  ])('refuses %s', (_what, env, problem) => {
    expect(problemsOf({ ...complete, ...env })).toEqual([expect.stringMatching(problem)]);
  });
});

it('takes a grace below the session TTL, and any while there are no webhooks', () => {
  const env = { ...complete, ...shortLived, BATON_WEBHOOKS_GRACE_MS: '129999' };
  expect(problemsOf({ ...env, BATON_WEBHOOKS_FILE: '/w.json' })).toEqual([]);
  expect(problemsOf({ ...env, BATON_WEBHOOKS_GRACE_MS: '600000' })).toEqual([]);
});

it('every default is a value that the setting itself would take', () => {
  const refused = allOptions().filter(({ fallback, schema }) => {
    if (fallback === undefined || fallback === null) return false;
    const text = typeof fallback === 'object' ? fallback.join(',') : String(fallback);
    return text !== '' && !schema.safeParse(text).success;
  });
  expect(refused.map(({ key }) => key)).toEqual([]);
});

function asymmetric(algorithms: string): Environment {
  return {
    BATON_TOKEN_SECRET_FILE: '',
    BATON_TOKEN_PUBLIC_KEY_FILE: '/k.pem',
    BATON_TOKEN_ALGORITHMS: algorithms,
  };
}
