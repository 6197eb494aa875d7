import { describe, expect, it } from '@jest/globals';
import { baton } from '../support/cli/baton.js';

const PASSWORD = 'hunter3-of-redis';
const complete = {
  BATON_REDIS_URL: 'redis://127.0.0.1:6379',
  BATON_TOKEN_SECRET_FILE: '/etc/baton/token-secret',
  BATON_RESUME_KEYS_FILE: '/etc/baton/resume-keys',
};

describe('neither baton config, nor what a pod says that does not start, shows a password', () => {
  it.each([
    ['BATON_REDIS_SENTINELS', `redis://:${PASSWORD}@h:1`],
    ['BATON_REDIS_SENTINELS', `s1:26379,${PASSWORD}`],
    ['BATON_REDIS_CLUSTER_NODES', `baton:${PASSWORD}@h:1`],
    ['BATON_REDIS_USERNAME', `baton:${PASSWORD}@h`],
    ['BATON_REDIS_SENTINEL_NAME', `redis://${PASSWORD}`],
    ['BATON_REDIS_PASSWORD_FILE', PASSWORD],
    ['BATON_TOKEN_SECRET_FILE', PASSWORD],
    ['BATON_WEBHOOKS_FILE', `https://ann:${PASSWORD}@acme.example/`],
    ['BATON_ADVERTISED_URL', `wss://ann:${PASSWORD}@a.example.com/`],
    ['BATON_ALLOWED_ORIGINS', `https://ann:${PASSWORD}@a.example.com`],
    ['BATON_REDIS_TLS_SERVER_NAME', `${PASSWORD}!`],
    ['BATON_PORT', `redis://:${PASSWORD}@h:1`],
    ['BATON_LOG_LEVEL', `info@${PASSWORD}`],
    ['BATON_REDIS_PASSWORD', PASSWORD],
  ])('in %s: %s', async (key, value) => {
    for (const args of [['config'], ['config', '--json'], ['config', '--set']]) {
      const { out, err } = await baton(args, { ...complete, [key]: value });
      expect(out.length).toBeGreaterThan(0);
      expect([...out, err].join('\n')).not.toContain(PASSWORD);
    }
  });
});

it.each([
  ['BATON_REDIS_USERNAME', 'baton'],
  ['BATON_REDIS_PASSWORD_FILE', '/etc/baton/redis-password'],
  ['BATON_REDIS_PASSWORD_FILE', './redis-password'],
  ['BATON_ADVERTISED_URL', 'wss://a.example.com/v1/connect'],
  ['BATON_ALLOWED_ORIGINS', 'https://a.example.com, http://localhost:3000'],
  ['BATON_PORT', 'http'],
])('what is none is shown: %s %s', async (key, value) => {
  const { out } = await baton(['config', '--json'], { ...complete, [key]: value });
  const settings = out.map((line) => JSON.parse(line) as { readonly key: string });
  expect(settings.find((setting) => setting.key === key)).toMatchObject({ value });
});
