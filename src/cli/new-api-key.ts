import { randomBytes } from 'node:crypto';
import { hashSecret, type ApiKeyRow } from '../auth/api-keys.js';
import type { Grant } from '../protocol/grants.js';
import type { TenantId } from '../protocol/ids.js';

/** For development: a tenant of one's own. */
export const EVERYTHING: readonly Grant[] = [{ stream: '*', can: ['subscribe', 'publish', 'presence'] }];

/** 256 random bits as text without dots or line breaks. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** `key` is what a backend sends; the row has only its hash. */
export interface NewApiKey {
  readonly key: string;
  readonly row: ApiKeyRow;
}

export function newApiKey(id: string, tenant: TenantId, grants: readonly Grant[]): NewApiKey {
  const secret = newSecret();
  return { key: `${id}.${secret}`, row: { id, tenant, sha256: hashSecret(secret).toString('hex'), grants } };
}
