import type { ClaimResult, SessionStore } from '../sessions/session-store.js';
import type { Connection } from './connection.js';

/**
 * What the answer to a repeated claim (sweep, doubt, renewal) means for a connection. True: the session is still its
 * own. A claim that comes back for a socket that has closed meanwhile is given back, or the row would name it for a
 * whole time to live.
 */
export function applyClaim(connection: Connection, result: ClaimResult, store: SessionStore): boolean {
  switch (result.kind) {
    case 'claimed':
      if (connection.alive) return true;
      void connection.giveBack(store);
      return false;
    case 'superseded':
      connection.supersede(result.attempt);
      return false;
    case 'gone':
      connection.close('sessionGone');
      return false;
    case 'expired':
      connection.close('badCredential', 'credential expired');
      return false;
  }
}
