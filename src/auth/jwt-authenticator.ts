import { errors, jwtVerify, type JWTVerifyResult } from 'jose';
import { z } from 'zod';
import type { Clock } from '../lib/clock.js';
import { BatonError } from '../lib/baton-error.js';
import { isTenantId, isTokenUser, type TenantId, type UserId } from '../protocol/ids.js';
import type { ApiKeys } from './api-keys.js';
import { grantsSchema } from './grant-schema.js';
import type { Authenticator, Backend, Principal } from './principal.js';
import type { TokenKey } from './token-key.js';

const MAX_TOKEN_LENGTH = 16_384;
/** How far the issuer's clock may be ahead of ours (`nbf`). Expiry has no such tolerance: its time is also in rows. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** As it was signed, and in no other spelling: the library would also take padding. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

const claimsSchema = z.object({
  sub: z.custom<UserId>(isTokenUser, 'must be a user id'),
  tenant: z.custom<TenantId>(isTenantId, 'must be a tenant id'),
  exp: z.number().max(Number.MAX_SAFE_INTEGER / 1_000),
  grants: grantsSchema.default([]),
});

/**
 * Verifies signed JWTs and API keys. Key, algorithms, issuer and audience are ours alone: what a token's header names
 * (`jwk`, `jku`, `x5u`, `kid`) is never looked at, so it can't be followed.
 */
export class JwtAuthenticator implements Authenticator {
  constructor(
    private readonly tokenKey: TokenKey,
    private readonly apiKeys: ApiKeys,
    private readonly clock: Clock,
  ) {}

  async verifyToken(token: string): Promise<Principal> {
    if (token.length > MAX_TOKEN_LENGTH) throw refused('longer than 16,384 characters');
    if (!COMPACT.test(token)) throw refused('not three parts of base64url');
    const { payload, protectedHeader } = await this.verifySignature(token);
    // Other kinds of JWT of the same issuer (`at+jwt`, `logout+jwt`, `dpop+jwt`) were made for something else.
    if (protectedHeader.typ !== undefined && protectedHeader.typ !== 'JWT') throw refused('`typ` is not JWT');
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success) throw refused(describe(claims.error));
    const { sub, tenant, exp, grants } = claims.data;
    const expiresAtMs = Math.floor(exp * 1_000);
    if (expiresAtMs <= this.clock.now()) throw refused('expired');
    return { tenant, user: sub, grants, expiresAtMs };
  }

  verifyApiKey(key: string): Backend {
    return this.apiKeys.verify(key);
  }

  findApiKey(tenant: TenantId, keyId: string): Backend | null {
    return this.apiKeys.find(tenant, keyId);
  }

  private async verifySignature(token: string): Promise<JWTVerifyResult> {
    const { key, issuer, audience, algorithms } = this.tokenKey;
    try {
      return await jwtVerify(token, key, {
        issuer,
        audience,
        algorithms: [...algorithms],
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(this.clock.now()),
      });
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      // Only its words: the error itself holds the claims, and the cause is logged.
      throw refused(`${error.code}: ${error.message}`);
    }
  }
}

function refused(why: string): BatonError {
  return new BatonError('unauthorized', undefined, { cause: new Error(`token refused: ${why}`) });
}

function describe(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}
