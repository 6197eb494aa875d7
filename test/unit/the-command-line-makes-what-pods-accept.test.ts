import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadApiKeys } from '../../src/auth/api-keys.js';
import { JwtAuthenticator } from '../../src/auth/jwt-authenticator.js';
import { loadTokenKey } from '../../src/auth/token-key.js';
import { loadFields, type Environment } from '../../src/config/load-config.js';
import { systemClock } from '../../src/lib/clock.js';
import { loadResumeTokens } from '../../src/sessions/hmac-resume-tokens.js';
import { baton } from '../support/cli/baton.js';
import { acme, ann, newSession } from '../support/sessions/claims.js';
import { withTemporaryFiles } from '../support/temporary-files.js';

/** What a pod with this environment believes. */
async function authenticatorOf(env: Environment): Promise<JwtAuthenticator> {
  const fields = ['secretFile', 'publicKeyFile', 'issuer', 'audience', 'algorithms', 'apiKeysFile'] as const;
  const auth = loadFields(env, 'auth', fields);
  return new JwtAuthenticator(await loadTokenKey(auth), await loadApiKeys(auth.apiKeysFile), systemClock);
}

function environmentOf(lines: readonly string[]): Environment {
  const settings = lines.filter((line) => line.startsWith('BATON_')).map((line) => line.split('=', 2));
  return Object.fromEntries(settings.map(([key = '', path]) => [key, path]));
}

describe('baton secrets', () => {
  const files = withTemporaryFiles();

  it('makes files that a pod starts with, readable by their owner only', async () => {
    const directory = join(files.directory, 'made', 'here');
    const { code, out } = await baton(['secrets', '--dir', directory]);
    expect(code).toBe(0);
    const env = environmentOf(out);
    for (const path of Object.values(env)) expect((await stat(path ?? '')).mode & 0o777).toBe(0o600);
    const authenticator = await authenticatorOf(env);
    const key = out.at(-1)?.split(' ').at(-1) ?? '';
    expect(authenticator.verifyApiKey(key)).toMatchObject({ tenant: 'development', keyId: 'development' });
    expect(await readFile(env['BATON_API_KEYS_FILE'] ?? '', 'utf8')).not.toContain(key.split('.')[1]);
    const tokens = await loadResumeTokens(env['BATON_RESUME_KEYS_FILE'] ?? '');
    const claim = { ...newSession(acme), user: ann };
    expect(tokens.verify(tokens.sign(claim))).toEqual(claim);
  });

  it('overwrites nothing', async () => {
    const path = await files.write('resume-keys', 'kept');
    const again = await baton(['secrets', '--dir', files.directory]);
    expect(again).toMatchObject({ code: 2, out: [] });
    expect(again.err).toContain(path);
    expect(await readFile(path, 'utf8')).toBe('kept');
    await expect(stat(join(files.directory, 'token-secret'))).rejects.toThrow('ENOENT');
  });

  it('says when it may not write', async () => {
    const file = await files.write('a-file', 'x');
    const refused = await baton(['secrets', '--dir', join(file, 'below')]);
    expect(refused).toMatchObject({ code: 1, out: [] });
    expect(refused.err).toContain('ENOTDIR');
  });
});

describe('baton token', () => {
  const files = withTemporaryFiles();
  const environment = async (more: Environment = {}): Promise<Environment> => ({
    BATON_TOKEN_SECRET_FILE: await files.write('token-secret', 's'.repeat(48)),
    ...more,
  });

  it('prints a token, and nothing else, that a pod with the same environment accepts', async () => {
    const env = await environment({
      BATON_TOKEN_ISSUER: 'us',
      BATON_TOKEN_AUDIENCE: 'them',
      BATON_TOKEN_ALGORITHMS: 'HS384',
    });
    const options = ['--grant', 'channel:room-*=subscribe,publish', '--grant', 'channel:x=y', '--ttl', '2m'];
    expect(await baton(['token', '--tenant', 'acme', '--user', 'ann', ...options], env)).toMatchObject({ code: 2 });
    options[3] = 'channel:x=presence';
    const { code, out, err } = await baton(['token', '--tenant', 'acme', '--user', 'ann', ...options], env);
    expect({ code, err, lines: out.length }).toEqual({ code: 0, err: '', lines: 1 });
    const principal = await (await authenticatorOf(env)).verifyToken(out[0] ?? '');
    expect(principal).toMatchObject({
      tenant: 'acme',
      user: 'ann',
      grants: [
        { stream: 'channel:room-*', can: ['subscribe', 'publish'] },
        { stream: 'channel:x', can: ['presence'] },
      ],
    });
    const leftMs = principal.expiresAtMs - Date.now();
    expect(leftMs).toBeGreaterThan(110_000);
    expect(leftMs).toBeLessThanOrEqual(121_000);
  });

  it('lasts an hour unless told otherwise, and grants nothing', async () => {
    const env = await environment();
    const { out } = await baton(['token', '--tenant', 'acme', '--user', 'ann'], env);
    const principal = await (await authenticatorOf(env)).verifyToken(out[0] ?? '');
    expect(principal.grants).toEqual([]);
    expect(Math.round((principal.expiresAtMs - Date.now()) / 60_000)).toBe(60);
  });

  it('needs a secret that fits', async () => {
    const args = ['token', '--tenant', 'acme', '--user', 'ann'];
    expect((await baton(args)).err).toContain('BATON_TOKEN_SECRET_FILE');
    expect(await baton(args, { BATON_TOKEN_SECRET_FILE: '/nowhere/x' })).toMatchObject({ code: 1, out: [] });
    const env = await environment({ BATON_TOKEN_ALGORITHMS: 'RS256' });
    expect((await baton(args, env)).err).toContain('not one for RS256');
  });
});

describe('baton api-key', () => {
  const files = withTemporaryFiles();

  it('prints a key and the row by which a pod knows it', async () => {
    const { code, out } = await baton(['api-key', '--tenant', 'acme', '--id', 'orders', '--grant', '*=publish']);
    expect(code).toBe(0);
    const [key = '', row = ''] = out;
    const keys = await loadApiKeys(await files.write('api-keys.json', `[${row}]`));
    expect(keys.verify(key)).toEqual({
      tenant: 'acme',
      keyId: 'orders',
      grants: [{ stream: '*', can: ['publish'] }],
    });
    expect(row).not.toContain(key.split('.')[1]);
  });
});

describe('baton', () => {
  it.each([['--help'], ['token', '--help'], ['api-key', '-h'], ['secrets', '--help']])(
    '%s %s helps',
    async (...args) => {
      const { code, out } = await baton(args);
      expect(code).toBe(0);
      expect(out.join('\n')).toContain('baton');
    },
  );

  const wrong: readonly (readonly string[])[] = [
    [],
    ['nothing'],
    ['help', 'nothing'],
    ['send', 'channel:x'],
    ['send', 'channel:x', '{'],
    ['send', 'user', '1'],
    ['send', 'channel:x', '1', '2'],
    ['send', 'channel:x', '1'],
    ['tail'],
    ['tail', 'session'],
    ['tail', 'channel:x', '--from', '1'],
    ['tail', 'channel:x', '--count', '0'],
    ['tail', 'channel:x', '--api-key', 'x'],
    ['sessions'],
    ['sessions', 'get'],
    ['sessions', 'get', 'a/b'],
    ['sessions', 'end'],
    ['sessions', 'end', 's', '--user', 'ada'],
    ['sessions', 'list', 'ada'],
    ['fleet', '--every', 'often'],
    ['dev', '--port', '65536'],
    ['token'],
    ['token', '--tenant', 'acme'],
    ['token', '--tenant', 'a/b', '--user', 'ann'],
    ['token', '--tenant', 'acme', '--user', 'a b'],
    ['token', '--tenant', 'acme', '--user', 'ann', '--ttl', '1y'],
    ['token', '--tenant', 'acme', '--user', 'ann', '--ttl', '0s'],
    ['token', '--tenant', 'acme', '--user', 'ann', '--ttl', '366d'],
    ['token', '--tenant', 'acme', '--user', 'ann', '--grant', 'channel:room'],
    ['token', '--tenant', 'acme', '--user', 'ann', '--grant', '=publish'],
    ['token', '--tenant', 'acme', '--user', 'ann', '--admin'],
    ['token', '--tenant', 'acme', '--user', 'ann', 'more'],
    ['api-key', '--tenant', 'acme', '--id', 'a.b'],
    ['api-key', '--id', 'orders'],
    ['secrets'],
    ['secrets', '--dir', ''],
  ];
  it.each(wrong.map((args) => [args.join(' '), args] as const))('%s is no command', async (_line, args) => {
    expect(await baton(args)).toMatchObject({ code: 2 });
  });
});
