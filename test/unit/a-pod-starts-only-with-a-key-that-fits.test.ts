import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { loadTokenKey, type TokenKeyConfig } from '../../src/auth/token-key.js';
import { withTemporaryFiles } from '../support/temporary-files.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const weakRsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const ed25519 = generateKeyPairSync('ed25519');
const spki = { type: 'spki', format: 'pem' } as const;
const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;

describe('the key that verifies tokens', () => {
  const files = withTemporaryFiles();
  const none = { secretFile: null, publicKeyFile: null, issuer: 'baton', audience: 'baton' };
  const secret = async (content: string | Buffer, ...algorithms: string[]): Promise<TokenKeyConfig> => ({
    ...none,
    secretFile: await files.write('token-secret', content),
    algorithms,
  });
  const publicKey = async (content: string | Buffer | object, ...algorithms: string[]): Promise<TokenKeyConfig> => {
    const isText = typeof content === 'string' || Buffer.isBuffer(content);
    const text = isText ? content : JSON.stringify(content);
    return { ...none, publicKeyFile: await files.write('token-public-key', text), algorithms };
  };

  const accepted: readonly (readonly [what: string, config: () => Promise<TokenKeyConfig>])[] = [
    ['an RSA key as PEM', () => publicKey(rsa.publicKey.export(spki), 'RS256', 'PS512')],
    ['an Ed25519 key as PEM', () => publicKey(ed25519.publicKey.export(spki), 'EdDSA')],
    ['a P-256 key as PEM', () => publicKey(p256.publicKey.export(spki), 'ES256')],
    ['an RSA key as JWK', () => publicKey(rsa.publicKey.export({ format: 'jwk' }), 'RS256')],
    ['an Ed25519 key as JWK', () => publicKey(ed25519.publicKey.export({ format: 'jwk' }), 'EdDSA')],
  ];
  it.each(accepted)('may be %s', async (_what, config) => {
    expect((await loadTokenKey(await config())).key.type).toBe('public');
  });

  it('may be a secret; the line break at the end of its file is not part of it', async () => {
    const { key } = await loadTokenKey(await secret(`${'s'.repeat(32)}\r\n`, 'HS256', 'HS512'));
    expect(key.export().toString()).toBe('s'.repeat(32));
  });

  it('may be a secret of any bytes', async () => {
    const bytes = Buffer.from(Array.from({ length: 64 }, (_, index) => 255 - index));
    expect((await loadTokenKey(await secret(bytes, 'HS256'))).key.export()).toEqual(bytes);
  });

  const refused: readonly (readonly [why: string, config: () => Promise<TokenKeyConfig>])[] = [
    ['32 bytes or more', () => secret('s'.repeat(31), 'HS256')],
    ['is empty', () => secret('\n', 'HS256')],
    ['not one for RS256', () => secret('s'.repeat(32), 'HS256', 'RS256')],
    ['not one for none', () => secret('s'.repeat(32), 'none')],
    ['not one for HS256', () => publicKey(rsa.publicKey.export(spki), 'RS256', 'HS256')],
    ['not one for EdDSA', () => publicKey(rsa.publicKey.export(spki), 'EdDSA')],
    ['not one for ES384', () => publicKey(p256.publicKey.export(spki), 'ES384')],
    ['rsa 1024', () => publicKey(weakRsa.publicKey.export(spki), 'RS256')],
    ['private key', () => publicKey(rsa.privateKey.export(pkcs8), 'RS256')],
    ['private key', () => publicKey(ed25519.privateKey.export({ format: 'jwk' }), 'EdDSA')],
    ['neither PEM', () => publicKey({ kty: 'oct', k: 'c2VjcmV0' }, 'HS256')],
    ['neither PEM', () => publicKey('-----BEGIN PUBLIC KEY-----\nc2VjcmV0\n-----END PUBLIC KEY-----', 'RS256')],
    ['neither PEM', () => publicKey('{"c2VjcmV0', 'RS256')],
  ];
  it.each(refused)('is refused with its path and "%s"', async (why, config) => {
    const error: unknown = await loadTokenKey(await config()).catch((reason: unknown) => reason);
    const message = error instanceof Error ? error.message : 'no error';
    expect(message).toContain(why);
    expect(message).toMatch(/token-(secret|public-key)/);
    expect(message).not.toContain('c2VjcmV0');
  });

  it('comes from exactly one file', async () => {
    const algorithms = ['HS256'];
    await expect(loadTokenKey({ ...none, algorithms })).rejects.toThrow('not both');
    const both = { ...none, secretFile: '/a', publicKeyFile: '/b', algorithms };
    await expect(loadTokenKey(both)).rejects.toThrow('not both');
  });
});
