import { SignJWT } from 'jose';
import type { TokenKey } from '../auth/token-key.js';
import type { Grant } from '../protocol/grants.js';
import type { TenantId, UserId } from '../protocol/ids.js';

export interface TokenClaims {
  readonly tenant: TenantId;
  readonly user: UserId;
  readonly grants: readonly Grant[];
  readonly ttlSeconds: number;
}

/** A token as the pods accept it that verify with this key. */
export function signToken(signer: TokenKey, { tenant, user, grants, ttlSeconds }: TokenClaims): Promise<string> {
  const { key, issuer, audience, algorithms } = signer;
  return new SignJWT({ tenant, grants: [...grants] })
    .setProtectedHeader({ alg: algorithms[0] ?? 'HS256', typ: 'JWT' })
    .setSubject(user)
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime(`${ttlSeconds} seconds`)
    .sign(key);
}
