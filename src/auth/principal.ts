import type { Grant } from '../protocol/grants.js';
import { userOfKey, type TenantId, type UserId } from '../protocol/ids.js';

/** Who a verified token, or an API key on a socket, speaks for. */
export interface Principal {
  readonly tenant: TenantId;
  readonly user: UserId;
  readonly grants: readonly Grant[];
  /** Wall-clock ms since 1970. */
  readonly expiresAtMs: number;
}

/** A backend with an API key. */
export interface Backend {
  readonly tenant: TenantId;
  readonly keyId: string;
  readonly grants: readonly Grant[];
}

/** An API key doesn't run out: it is gone when no pod's file has it any more. */
const NEVER_MS = Number.MAX_SAFE_INTEGER;

/** A backend on a socket: as a user whom no token can name. */
export function principalOfKey({ tenant, keyId, grants }: Backend): Principal {
  return { tenant, user: userOfKey(keyId), grants, expiresAtMs: NEVER_MS };
}

/** Rejects with BatonError `unauthorized`: the cause goes to the log, never to the caller. */
export interface Authenticator {
  verifyToken(token: string): Promise<Principal>;
  /** `key` is `<id>.<secret>` as sent in `Authorization: Bearer`. */
  verifyApiKey(key: string): Backend;
  /** As the file of keys has it; null: no longer, or another tenant's. */
  findApiKey(tenant: TenantId, keyId: string): Backend | null;
}

export const AUTHENTICATOR = Symbol('Authenticator');
