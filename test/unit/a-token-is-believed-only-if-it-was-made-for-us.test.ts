import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ApiKeys } from '../../src/auth/api-keys.js';
import { JwtAuthenticator } from '../../src/auth/jwt-authenticator.js';
import { BatonError } from '../../src/lib/baton-error.js';
import { base64url, forge, hmacWith, nobody, privateKeySigner, type Fields } from '../support/auth/token-forge.js';
import { ManualClock } from '../support/manual-clock.js';

const SECRET = 'a secret of the tests that has forty bytes';
const clock = new ManualClock();
const nowSeconds = clock.now() / 1_000;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');

const GRANTS = [{ stream: 'channel:room-*', can: ['subscribe', 'publish'] }];
const GOOD: Fields = { iss: 'baton', aud: 'baton', sub: 'ann', tenant: 'acme', exp: nowSeconds + 60, grants: GRANTS };

const authenticator = (key: KeyObject, algorithm: string): JwtAuthenticator =>
  new JwtAuthenticator({ key, algorithms: [algorithm], issuer: 'baton', audience: 'baton' }, new ApiKeys([]), clock);
const withSecret = authenticator(createSecretKey(Buffer.from(SECRET)), 'HS256');
const withRsa = authenticator(rsa.publicKey, 'RS256');
const withEd25519 = authenticator(ed25519.publicKey, 'EdDSA');

const HS256 = { alg: 'HS256', typ: 'JWT' };
const hs256 = (claims: Fields | string, header: Fields = HS256): string => forge(header, claims, hmacWith(SECRET));
const claiming = (changes: Fields): string => hs256({ ...GOOD, ...changes });
const without = (claim: string): Fields => Object.fromEntries(Object.entries(GOOD).filter(([name]) => name !== claim));
const rs256 = (header: Fields, signedBy: KeyObject): string => forge(header, GOOD, privateKeySigner(signedBy));
const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const [goodHeader = '', goodPayload = '', goodMac = ''] = hs256(GOOD).split('.');
const turned = (text: string): string => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
const grants = (value: unknown): string => claiming({ grants: value });

interface Bad {
  readonly what: string;
  readonly token: string;
  readonly by?: JwtAuthenticator;
}
const badTokens: readonly Bad[] = [
  { what: 'without anything', token: '' },
  { what: 'that is garbage', token: 'garbage' },
  { what: 'of dots', token: '..' },
  { what: 'of four parts', token: `${hs256(GOOD)}.more` },
  { what: 'of an encrypted kind (five parts)', token: `${hs256(GOOD)}.a.b` },
  { what: 'whose header is not JSON', token: `${base64url('{')}.${goodPayload}.${goodMac}` },
  { what: 'whose header is null', token: forge(null as unknown as Fields, GOOD, hmacWith(SECRET)) },
  { what: 'whose claims are not JSON', token: hs256('{') },
  { what: 'whose claims are an array', token: hs256('[]') },
  { what: 'of 64 kB', token: claiming({ more: 'x'.repeat(65_536) }) },
  { what: 'of alg none', token: forge({ alg: 'none', typ: 'JWT' }, GOOD, nobody) },
  { what: 'of alg None, spelled otherwise', token: forge({ alg: 'nOnE', typ: 'JWT' }, GOOD, nobody) },
  { what: 'of alg none with a right MAC', token: hs256(GOOD, { alg: 'none' }) },
  { what: 'without alg', token: hs256(GOOD, { typ: 'JWT' }) },
  { what: 'whose alg is a list', token: hs256(GOOD, { alg: ['HS256'] }) },
  { what: 'with its signature cut off', token: `${goodHeader}.${goodPayload}.` },
  { what: 'with a bit of its signature turned', token: `${goodHeader}.${goodPayload}.${turned(goodMac)}` },
  {
    what: 'with another payload',
    token: `${goodHeader}.${base64url(JSON.stringify(GOOD).replace('ann', 'bob'))}.${goodMac}`,
  },
  {
    what: 'signed with another secret',
    token: forge(HS256, GOOD, hmacWith('another secret of thirty-two bytes or so')),
  },
  { what: 'signed with the empty secret', token: forge(HS256, GOOD, hmacWith('')) },
  { what: 'of HS512, right secret, not allowed', token: forge({ alg: 'HS512' }, GOOD, hmacWith(SECRET, 'sha512')) },
  { what: 'of HS256 signed with the public key', token: forge(HS256, GOOD, hmacWith(publicPem)), by: withRsa },
  { what: 'of HS256 where a public key is set', token: hs256(GOOD), by: withRsa },
  { what: 'of RS256 where a secret is set', token: rs256({ alg: 'RS256' }, rsa.privateKey) },
  { what: 'of RS256 signed with another key', token: rs256({ alg: 'RS256' }, otherRsa.privateKey), by: withRsa },
  {
    what: 'of EdDSA where RSA is set',
    token: forge({ alg: 'EdDSA' }, GOOD, privateKeySigner(ed25519.privateKey)),
    by: withRsa,
  },
  {
    what: 'that brings its own key (jwk)',
    token: rs256({ alg: 'RS256', jwk: otherRsa.publicKey.export({ format: 'jwk' }) }, otherRsa.privateKey),
    by: withRsa,
  },
  {
    what: 'that says where its key is (jku, x5u)',
    token: rs256({ alg: 'RS256', jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/' }, otherRsa.privateKey),
    by: withRsa,
  },
  {
    what: 'whose kid is a path to a known file',
    token: forge({ ...HS256, kid: '../../../dev/null' }, GOOD, hmacWith('')),
  },
  { what: 'with a critical extension', token: hs256(GOOD, { ...HS256, crit: ['x'], x: 1 }) },
  { what: 'with an unencoded payload', token: hs256(GOOD, { ...HS256, crit: ['b64'], b64: false }) },
  { what: 'of typ at+jwt', token: hs256(GOOD, { ...HS256, typ: 'at+jwt' }) },
  { what: 'of typ number', token: hs256(GOOD, { ...HS256, typ: 1 }) },
  { what: 'of another issuer', token: claiming({ iss: 'else' }) },
  { what: 'without issuer', token: hs256(without('iss')) },
  { what: 'for another audience', token: claiming({ aud: 'else' }) },
  { what: 'for many other audiences', token: claiming({ aud: ['baton ', 'BATON'] }) },
  { what: 'without audience', token: hs256(without('aud')) },
  { what: 'that has expired', token: claiming({ exp: nowSeconds - 60 }) },
  { what: 'that expires at this very moment', token: claiming({ exp: nowSeconds }) },
  { what: 'that expired within the tolerance for clocks', token: claiming({ exp: nowSeconds - 2 }) },
  { what: 'without expiry', token: hs256(without('exp')) },
  { what: 'whose expiry is text', token: claiming({ exp: String(nowSeconds + 60) }) },
  { what: 'that never expires (1e400)', token: hs256(JSON.stringify(GOOD).replace(/"exp":\d+/, '"exp":1e400')) },
  { what: 'whose expiry no number holds', token: claiming({ exp: 1e300 }) },
  { what: 'that is not yet valid', token: claiming({ nbf: nowSeconds + 60 }) },
  { what: 'whose nbf is text', token: claiming({ nbf: 'now' }) },
  { what: 'without user', token: hs256(without('sub')) },
  { what: 'whose user is a number', token: claiming({ sub: 7 }) },
  { what: 'whose user has braces', token: claiming({ sub: 'a}{b' }) },
  { what: 'whose user climbs', token: claiming({ sub: 'a/../b' }) },
  { what: 'whose user ends in a line feed', token: claiming({ sub: 'ann\n' }) },
  { what: 'whose user has 10 kB', token: claiming({ sub: 'a'.repeat(10_000) }) },
  { what: 'without tenant', token: hs256(without('tenant')) },
  { what: 'whose tenant is empty', token: claiming({ tenant: '' }) },
  { what: 'whose tenant has a slash', token: claiming({ tenant: 'acme/s' }) },
  { what: 'whose tenant is a glob', token: claiming({ tenant: '*' }) },
  { what: 'whose tenant is a list', token: claiming({ tenant: ['acme'] }) },
  {
    what: 'whose tenant comes by __proto__',
    token: hs256(JSON.stringify(without('tenant')).replace('{', '{"__proto__":{"tenant":"acme"},')),
  },
  { what: 'whose grants are no list', token: grants({ stream: '*' }) },
  { what: 'whose grants are null', token: grants(null) },
  { what: 'with 101 grants', token: grants(Array(101).fill(GRANTS[0])) },
  { what: 'with a grant without streams', token: grants([{ can: ['publish'] }]) },
  { what: 'with a grant for an unknown deed', token: grants([{ stream: '*', can: ['administer'] }]) },
  { what: 'with a grant for nothing', token: grants([{ stream: '*', can: [] }]) },
  { what: 'with a glob inside a grant', token: grants([{ stream: 'channel:*-room', can: ['publish'] }]) },
  { what: 'with two globs in a grant', token: grants([{ stream: 'channel:**', can: ['publish'] }]) },
  { what: 'with a space in a grant', token: grants([{ stream: 'channel:a b', can: ['publish'] }]) },
];

describe('a token', () => {
  it.each(badTokens)('$what is refused', async ({ token, by = withSecret }) => {
    const error = await by.verifyToken(token).then(
      (principal) => principal,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(BatonError);
    expect(error).toMatchObject({ code: 'unauthorized', message: new BatonError('unauthorized').message });
  });

  it('is refused for a reason that the log gets, without what was in the token', async () => {
    const error = await withSecret.verifyToken(claiming({ iss: 'else' })).catch((reason: unknown) => reason);
    const { cause } = error as BatonError;
    expect(String(cause)).toContain('"iss"');
    expect(JSON.stringify(cause, Object.getOwnPropertyNames(cause))).not.toContain('acme');
  });

  const principal = { tenant: 'acme', user: 'ann', grants: GRANTS, expiresAtMs: (nowSeconds + 60) * 1_000 };
  const goodTokens: readonly Bad[] = [
    { what: 'of HS256', token: hs256(GOOD) },
    { what: 'without typ', token: hs256(GOOD, { alg: 'HS256' }) },
    { what: 'with a kid, which nobody looks at', token: hs256(GOOD, { ...HS256, kid: '../../etc/passwd' }) },
    { what: 'for several audiences', token: claiming({ aud: ['else', 'baton'] }) },
    {
      what: 'valid from a moment on that a slow clock has not reached',
      token: claiming({ nbf: nowSeconds + 3 }),
    },
    { what: 'of RS256', token: rs256({ alg: 'RS256', typ: 'JWT' }, rsa.privateKey), by: withRsa },
    { what: 'of EdDSA', token: forge({ alg: 'EdDSA' }, GOOD, privateKeySigner(ed25519.privateKey)), by: withEd25519 },
  ];
  it.each(goodTokens)('$what says who its bearer is', async ({ token, by = withSecret }) => {
    expect(await by.verifyToken(token)).toEqual(principal);
  });

  it('without grants allows nothing beyond the own streams', async () => {
    expect(await withSecret.verifyToken(hs256(without('grants')))).toMatchObject({ grants: [] });
  });

  it('is refused once its time has passed', async () => {
    const later = new ManualClock();
    const strict = new JwtAuthenticator(
      { key: createSecretKey(Buffer.from(SECRET)), algorithms: ['HS256'], issuer: 'baton', audience: 'baton' },
      new ApiKeys([]),
      later,
    );
    later.advance(59_999);
    await expect(strict.verifyToken(hs256(GOOD))).resolves.toMatchObject({ user: 'ann' });
    later.advance(1);
    await expect(strict.verifyToken(hs256(GOOD))).rejects.toMatchObject({ code: 'unauthorized' });
  });
});
