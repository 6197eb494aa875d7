import { BatonError } from '../lib/baton-error.js';
import type { TenantId, UserId } from '../protocol/ids.js';
import { MAX_PAGE } from './session-list.js';
import type { SessionPage, SessionStore } from './session-store.js';

/** A call that goes on for ever is no answer: whoever has more is told to call again. */
const MOST_PAGES = 50;

/**
 * Ends each session that the user has by now, and says how many there were. Rejects with BatonError `unavailable`, or
 * `busy` if some are left: a repeat goes on.
 */
export async function endSessionsOf(
  store: Pick<SessionStore, 'listByUser' | 'end'>,
  tenant: TenantId,
  user: UserId,
): Promise<number> {
  let ended = 0;
  let after: string | null = null;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page: SessionPage = await store.listByUser(tenant, user, { limit: MAX_PAGE, after });
    const results = await Promise.all(page.sessions.map((row) => store.end(row)));
    ended += results.filter(Boolean).length;
    if (page.next === null) return ended;
    after = page.next;
  }
  throw new BatonError('busy', `${ended} sessions were ended, and some are left: call again`);
}
