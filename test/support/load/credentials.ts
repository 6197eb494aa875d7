import { createHash, randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Grant } from '../../../src/protocol/grants.js';

/** What signs tokens that a pod with the same secret, issuer and audience accepts. */
export interface TokenSigner {
  readonly secret: string;
  readonly issuer: string;
  readonly audience: string;
}

export interface ApiKey {
  readonly tenant: string;
  /** `<id>.<secret>`, as it is sent. */
  readonly key: string;
}

const everything: readonly Grant[] = [
  { stream: 'channel:*', can: ['subscribe', 'publish', 'presence'] },
  { stream: 'session', can: ['subscribe', 'publish'] },
  { stream: 'user', can: ['subscribe', 'publish'] },
];

/** A token of a user who may use every channel, unless said otherwise; `ttl` as jose reads it. */
export function signToken(
  signer: TokenSigner,
  tenant: string,
  user: string,
  grants: readonly Grant[] = everything,
  ttl = '1h',
): Promise<string> {
  return new SignJWT({ tenant, grants })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .setIssuer(signer.issuer)
    .setAudience(signer.audience)
    .setIssuedAt()
    .setExpirationTime(ttl)
    .sign(Buffer.from(signer.secret));
}

export const randomSecret = (): string => randomBytes(32).toString('hex');

export function makeApiKey(tenant: string): ApiKey {
  return { tenant, key: `key-of-${tenant}.${randomSecret()}` };
}

/** The file of API keys for pods: the keys may send to everything of their tenants. */
export function apiKeysFile(keys: readonly ApiKey[]): string {
  const rows = keys.map(({ tenant, key }) => {
    const dot = key.indexOf('.');
    const sha256 = createHash('sha256')
      .update(key.slice(dot + 1))
      .digest('hex');
    return {
      id: key.slice(0, dot),
      tenant,
      sha256,
      grants: [{ stream: '*', can: ['publish', 'subscribe', 'presence'] }],
    };
  });
  return JSON.stringify(rows);
}
