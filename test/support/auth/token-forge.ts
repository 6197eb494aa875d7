import { createHmac, sign, type KeyObject } from 'node:crypto';

export type Fields = Readonly<Record<string, unknown>>;

/** Turns the signed text into a signature. */
export type Signer = (signed: string) => Buffer;

export const hmacWith =
  (secret: Buffer | string, hash = 'sha256'): Signer =>
  (signed) =>
    createHmac(hash, secret).update(signed).digest();

/** RSA with SHA-256, or Ed25519, whichever the key is. */
export const privateKeySigner =
  (key: KeyObject): Signer =>
  (signed) =>
    sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', Buffer.from(signed), key);

export const nobody: Signer = () => Buffer.alloc(0);

/** A JWT spelled by hand: it takes whatever header and claims, which a library would refuse to make. */
export function forge(header: Fields, claims: Fields | string, signer: Signer): string {
  const payload = typeof claims === 'string' ? claims : JSON.stringify(claims);
  const signed = `${base64url(JSON.stringify(header))}.${base64url(payload)}`;
  return `${signed}.${signer(signed).toString('base64url')}`;
}

export const base64url = (text: string): string => Buffer.from(text).toString('base64url');
