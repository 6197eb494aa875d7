import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { AuthConfig } from '../config/config.js';
import { readSecretFile, SecretFileError } from './secret-file.js';

/** What tokens must satisfy, apart from their claims' shapes. */
export interface TokenKey {
  readonly key: KeyObject;
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
}

export type TokenKeyConfig = Pick<AuthConfig, 'secretFile' | 'publicKeyFile' | 'issuer' | 'audience' | 'algorithms'>;

const MIN_SECRET_BYTES = 32;
const MIN_RSA_BITS = 2_048;

const isSecret = (key: KeyObject): boolean => key.type === 'secret';
const isRsa = (key: KeyObject): boolean =>
  key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
const isCurve =
  (name: string) =>
  (key: KeyObject): boolean =>
    key.asymmetricKeyDetails?.namedCurve === name;
const isEd25519 = (key: KeyObject): boolean => key.asymmetricKeyType === 'ed25519';

/**
 * Which key an algorithm takes. A public key that were accepted for HS256 would be a secret that everybody knows, so
 * the pair is checked at the start and not left to each token.
 */
const fits: ReadonlyMap<string, (key: KeyObject) => boolean> = new Map([
  ...['HS256', 'HS384', 'HS512'].map((name) => [name, isSecret] as const),
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((name) => [name, isRsa] as const),
  ['ES256', isCurve('prime256v1')],
  ['ES384', isCurve('secp384r1')],
  ['ES512', isCurve('secp521r1')],
  ['EdDSA', isEd25519],
]);

/** The key that verifies tokens, from exactly one of the two files. Rejects with SecretFileError. */
export async function loadTokenKey(config: TokenKeyConfig): Promise<TokenKey> {
  const { secretFile, publicKeyFile, issuer, audience, algorithms } = config;
  if ((secretFile === null) === (publicKeyFile === null))
    throw new TypeError('tokens need a secret file or a public key file, and not both');
  const key = secretFile === null ? await loadPublicKey(publicKeyFile ?? '') : await loadTokenSecret(secretFile);
  const path = secretFile ?? publicKeyFile ?? '';
  if (algorithms.length === 0) throw new TypeError('tokens need at least one algorithm');
  for (const algorithm of algorithms)
    if (!(fits.get(algorithm)?.(key) ?? false))
      throw new SecretFileError('token key', path, `a key of type ${describe(key)} is not one for ${algorithm}`);
  return { key, issuer, audience, algorithms };
}

async function loadTokenSecret(path: string): Promise<KeyObject> {
  const secret = await readSecretFile('token secret', path);
  if (secret.length < MIN_SECRET_BYTES)
    throw new SecretFileError('token secret', path, `must have ${MIN_SECRET_BYTES} bytes or more`);
  return createSecretKey(secret);
}

/** PEM (SPKI or a certificate) or a JWK. */
async function loadPublicKey(path: string): Promise<KeyObject> {
  const text = (await readSecretFile('token public key', path)).toString('utf8');
  const refuse = (problem: string): never => {
    throw new SecretFileError('token public key', path, problem);
  };
  // Node would derive the public half: but then every pod holds what signs tokens, and nobody notices.
  if (text.includes('PRIVATE KEY')) return refuse('this is a private key: pods need only the public one');
  try {
    if (!text.trimStart().startsWith('{')) return createPublicKey(text);
    const jwk = JSON.parse(text) as JsonWebKey;
    if (jwk.d === undefined) return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    // The causes quote the file, so they are not passed on.
    return refuse('is neither PEM (SPKI) nor a public JWK');
  }
  return refuse('this is a private key: pods need only the public one');
}

function describe(key: KeyObject): string {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  return [key.asymmetricKeyType ?? key.type, namedCurve, modulusLength].filter(Boolean).join(' ');
}
