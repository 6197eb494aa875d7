import type { Grant } from '../protocol/grants.js';
import type { TenantId, UserId } from '../protocol/ids.js';

/** Who a verified token speaks for. */
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

/** Rejects with BatonError `unauthorized`: the cause goes to the log, never to the caller. */
export interface Authenticator {
  verifyToken(token: string): Promise<Principal>;
  /** `key` is `<id>.<secret>` as sent in `Authorization: Bearer`. */
  verifyApiKey(key: string): Backend;
}

export const AUTHENTICATOR = Symbol('Authenticator');
