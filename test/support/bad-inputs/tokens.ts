import { createHmac, generateKeyPairSync } from 'node:crypto';
import { forge, hmacWith, nobody, privateKeySigner, type Fields, type Signer } from '../auth/token-forge.js';
import { asRequest, handshakeLines } from '../frames/raw-socket.js';
import { json } from '../frames/frame-bytes.js';
import { hello, type BadInput } from './bad-input.js';
import type { Scene } from './scene.js';

const nowSeconds = Math.floor(Date.now() / 1_000);
const good: Fields = {
  iss: 'baton',
  aud: 'baton',
  sub: 'mallory',
  tenant: 'acme',
  iat: nowSeconds,
  exp: nowSeconds + 3_600,
  grants: [{ stream: '*', can: ['subscribe', 'publish', 'presence'] }],
};
const header: Fields = { alg: 'HS256', typ: 'JWT' };
const others = generateKeyPairSync('ed25519');
const jwk = others.publicKey.export({ format: 'jwk' });

type Forged = (secret: string) => string;
const withHeader =
  (fields: Fields, signer?: Signer): Forged =>
  (secret) =>
    forge({ ...header, ...fields }, good, signer ?? hmacWith(secret));
const withClaims =
  (fields: Fields): Forged =>
  (secret) =>
    forge(header, { ...good, ...fields }, hmacWith(secret));
const withPayload =
  (payload: string): Forged =>
  (secret) =>
    forge(header, payload, hmacWith(secret));
const signed: Forged = withHeader({});
const parts =
  (change: (parts: readonly [string, string, string]) => string): Forged =>
  (secret) =>
    change(signed(secret).split('.') as [string, string, string]);

const headers: readonly (readonly [string, Forged])[] = [
  ['alg none', withHeader({ alg: 'none' }, nobody)],
  ['alg None', withHeader({ alg: 'None' }, nobody)],
  ['alg NONE, signed', withHeader({ alg: 'NONE' })],
  ['no alg', withHeader({ alg: undefined })],
  ['an empty alg', withHeader({ alg: '' })],
  ['an alg that is a list', withHeader({ alg: ['HS256'] })],
  ['HS384', (secret) => forge({ ...header, alg: 'HS384' }, good, hmacWith(secret, 'sha384'))],
  ['HS512', (secret) => forge({ ...header, alg: 'HS512' }, good, hmacWith(secret, 'sha512'))],
  ['hs256', withHeader({ alg: 'hs256' })],
  ['RS256 signed with the secret', withHeader({ alg: 'RS256' })],
  ["EdDSA with somebody's key", withHeader({ alg: 'EdDSA' }, privateKeySigner(others.privateKey))],
  ['EdDSA with a key of its own', withHeader({ alg: 'EdDSA', jwk }, privateKeySigner(others.privateKey))],
  ['a secret of its own', withHeader({ jwk: { kty: 'oct', k: 'AAAA' } }, hmacWith(Buffer.alloc(3)))],
  ['an empty secret', withHeader({}, hmacWith(''))],
  ['a kid that climbs', withHeader({ kid: '../../../dev/null' }, hmacWith(''))],
  ['a kid with SQL', withHeader({ kid: "' UNION SELECT 'x" }, hmacWith('x'))],
  ['a kid with a command', withHeader({ kid: '|/usr/bin/id' }, hmacWith('x'))],
  ['a jku', withHeader({ jku: 'http://127.0.0.1:1/keys' }, hmacWith('x'))],
  ['an x5u', withHeader({ x5u: 'http://127.0.0.1:1/cert' }, hmacWith('x'))],
  ['an x5c', withHeader({ x5c: ['AAAA'] }, hmacWith('x'))],
  ['a crit that nobody knows', withHeader({ crit: ['exp2'], exp2: 1 })],
  ['an unencoded payload', withHeader({ b64: false, crit: ['b64'] })],
  ['another typ', withHeader({ typ: 'at+jwt' })],
  ['the typ of a logout', withHeader({ typ: 'logout+jwt' })],
];

const claims: readonly (readonly [string, Forged])[] = [
  ['another issuer', withClaims({ iss: 'baton2' })],
  ['no issuer', withClaims({ iss: undefined })],
  ['an issuer that is a list', withClaims({ iss: ['baton'] })],
  ['another audience', withClaims({ aud: 'other' })],
  ['no audience', withClaims({ aud: undefined })],
  ['other audiences', withClaims({ aud: ['a', 'b'] })],
  ['an audience that begins like ours', withClaims({ aud: 'baton.example' })],
  ['no end', withClaims({ exp: undefined })],
  ['an end long ago', withClaims({ exp: 1 })],
  ['an end just now', withClaims({ exp: nowSeconds - 1 })],
  ['an end as text', withClaims({ exp: String(nowSeconds + 3_600) })],
  ['an end in 300,000 years', withClaims({ exp: 1e13 })],
  ['an end that is no double', withPayload(JSON.stringify(good).replace(/"exp":\d+/, '"exp":1e400'))],
  ['a beginning that is to come', withClaims({ nbf: nowSeconds + 600 })],
  ['a beginning as text', withClaims({ nbf: 'now' })],
  ['no user', withClaims({ sub: undefined })],
  ['an empty user', withClaims({ sub: '' })],
  ['a user that is a number', withClaims({ sub: 7 })],
  ['a user that climbs', withClaims({ sub: '../root' })],
  ['a user with a line break', withClaims({ sub: 'ada\r\n' })],
  ['a user with braces', withClaims({ sub: '{ada}' })],
  ['a user like an API key', withClaims({ sub: 'key:backend' })],
  ['a user of 129 characters', withClaims({ sub: 'u'.repeat(129) })],
  ['no tenant', withClaims({ tenant: undefined })],
  ['a tenant that is a list', withClaims({ tenant: ['acme'] })],
  ['a tenant with a slash', withClaims({ tenant: 'acme/other' })],
  ['a tenant with a star', withClaims({ tenant: '*' })],
  ['grants that are text', withClaims({ grants: '*' })],
  ['a grant for what nobody can do', withClaims({ grants: [{ stream: '*', can: ['admin'] }] })],
  ['a grant for nothing', withClaims({ grants: [{ stream: 'user', can: [] }] })],
  ['a star in the middle of a grant', withClaims({ grants: [{ stream: 'channel:*b', can: ['publish'] }] })],
  ['101 grants', withClaims({ grants: Array(101).fill({ stream: 'user', can: ['publish'] }) })],
  ['claims that are a list', withPayload('[]')],
  ['claims that are no JSON', withPayload('{"sub":')],
  ['claims twice, the last ones wrong', withPayload(JSON.stringify(good).replace('}]}', '}],"aud":"other"}'))],
];

const spelled: readonly (readonly [string, Forged])[] = [
  ['a word', () => 'token'],
  ['a dot', () => '.'],
  ['two dots', () => '..'],
  ['three dots', () => '...'],
  ['a space', () => ' '],
  ['no signature', parts(([a, b]) => `${a}.${b}.`)],
  ['two parts', parts(([a, b]) => `${a}.${b}`)],
  ['four parts', parts(([a, b, c]) => `${a}.${b}.${c}.${c}`)],
  ['five parts', parts(([a, b, c]) => `${a}.${b}.${c}.${c}.${c}`)],
  ['parts in another order', parts(([a, b, c]) => `${b}.${a}.${c}`)],
  ['a padded signature', parts(([a, b, c]) => `${a}.${b}.${c}=`)],
  ['half a signature', parts(([a, b, c]) => `${a}.${b}.${c.slice(0, 20)}`)],
  ['a signature with another byte', parts(([a, b, c]) => `${a}.${b}.${c.startsWith('A') ? 'B' : 'A'}${c.slice(1)}`)],
  ['claims with another byte', parts(([a, b, c]) => `${a}.${b.startsWith('A') ? 'B' : 'A'}${b.slice(1)}.${c}`)],
  ['a scheme before it', (secret) => `Bearer ${signed(secret)}`],
  ['a line break after it', (secret) => `${signed(secret)}\r\nx: y`],
  ['a NUL in it', (secret) => `${signed(secret).slice(0, 9)}\u0000${signed(secret).slice(9)}`],
  ['16,384 letters', () => 'x'.repeat(16_384)],
  ['16,384 dots', () => '.'.repeat(16_384)],
  ["the key of a backend that isn't there", () => 'nobody.secret'],
  ["a backend's key with another secret", () => 'backend.secret'],
  ['a key without a secret', () => 'backend.'],
  ['a secret without a key', () => '.secret'],
  ['a resume token', (secret) => createHmac('sha256', secret).update('resume').digest('hex')],
];

const all = [...headers, ...claims, ...spelled];
const said = ([what, forged]: readonly [string, Forged]): BadInput => ({
  what: `a hello with a token: ${what}`,
  at: 'upgraded',
  bytes: ({ here }) => hello(forged(here.signer.secret)),
  hears: ['close 4501'],
});
/** On a session that goes on with the credential that it had. */
const renewed = ([what, forged]: readonly [string, Forged]): BadInput => ({
  what: `a renewal with a token: ${what}`,
  at: 'open',
  bytes: ({ here }) => json({ type: 'token', token: forged(here.signer.secret) }),
  hears: ['error unauthorized'],
});

const authorization = (value: (scene: Scene) => string): BadInput['bytes'] => {
  return (scene) =>
    Buffer.concat([
      Buffer.from(asRequest([...handshakeLines, `Authorization: ${value(scene)}`])),
      json({ type: 'hello', attempt: 1, streams: {} }),
    ]);
};
const inHeader: readonly (readonly [string, (scene: Scene) => string])[] = [
  ['nothing', () => ''],
  ['a scheme alone', () => 'Bearer'],
  ['another scheme', ({ token }) => `Basic ${token}`],
  ['no scheme', ({ token }) => token],
  ['two tokens', ({ token }) => `Bearer ${token} ${token}`],
  ['a token between quotes', ({ token }) => `Bearer "${token}"`],
  ['alg none', ({ here }) => `Bearer ${withHeader({ alg: 'none' }, nobody)(here.signer.secret)}`],
  ['an unknown key', () => 'Bearer nobody.secret'],
];

export const badTokens: readonly BadInput[] = [
  ...all.map(said),
  ...[...headers.slice(0, 16), ...claims.slice(0, 12), ...spelled.slice(0, 8)].map(renewed),
  ...inHeader.map(([what, value]): BadInput => ({
    what: `an Authorization header with ${what}`,
    at: 'tcp',
    bytes: authorization(value),
    hears: ['HTTP 101', 'close 4501'],
  })),
  {
    what: 'a token of 64 kB',
    at: 'upgraded',
    bytes: () => hello('x'.repeat(65_400)),
    hears: ['close 1002'],
  },
];
