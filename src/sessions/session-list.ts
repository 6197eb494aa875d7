import { BatonError } from '../lib/baton-error.js';
import { isSessionId, type SessionId } from '../protocol/ids.js';
import type { PageRequest } from './session-store.js';

export const MAX_PAGE = 200;

/** Where a page begins: after this session, which was to expire then. */
export interface ListPosition {
  readonly expiry: string;
  readonly session: SessionId;
}

/** `<expiry>~<session>`; opaque to callers. */
export function cursorOf({ expiry, session }: ListPosition): string {
  return `${expiry}~${session}`;
}

/** Throws BatonError `bad-request`. */
export function checkPage({ limit, after }: PageRequest): ListPosition | null {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE)
    throw new BatonError('bad-request', `a page has 1 to ${MAX_PAGE} sessions`);
  if (after === null) return null;
  const [, expiry, session] = /^(\d{1,16})~(.*)$/.exec(after) ?? [];
  if (expiry === undefined || !isSessionId(session))
    throw new BatonError('bad-request', '`after` must be the `next` of another page');
  return { expiry, session };
}
