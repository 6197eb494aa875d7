import type { Fleet } from '../fleet/fleet.js';
import type { SessionRow } from '../sessions/session-store.js';

/** Where a session is connected, as the HTTP API tells it. Times are Redis' clock, ms since 1970. */
export interface SessionConnection {
  readonly session: string;
  readonly user: string;
  readonly connected: boolean;
  /** How often its client has opened a connection. */
  readonly attempt: number;
  readonly createdAtMs: number;
  /** Null unless connected. `sinceMs`: when this connection took the session over. */
  readonly connection: { readonly id: string; readonly sinceMs: number } | null;
  /** Null unless connected. */
  readonly pod: { readonly id: string; readonly name: string; readonly revision: string } | null;
}

/**
 * The row names the pod, and the pod's own beat vouches for it: a row whose pod is gone reads as detached, so nobody
 * has to clean up after a crash. Rejects with BatonError `unavailable` if Redis is away.
 */
export async function connectionOf(row: SessionRow, fleet: Pick<Fleet, 'find'>): Promise<SessionConnection> {
  const { session, user, attempt, createdAtMs, movedAtMs, connection, pod } = row;
  const about = { session, user, attempt, createdAtMs };
  const owner = row.detached ? null : await fleet.find(pod);
  if (owner === null) return { ...about, connected: false, connection: null, pod: null };
  return {
    ...about,
    connected: true,
    connection: { id: connection, sinceMs: movedAtMs },
    pod: { id: pod, name: owner.name, revision: owner.revision },
  };
}
