import { randomId } from '../../../src/lib/random-id.js';
import {
  asConnectionId,
  asPodId,
  asSessionId,
  asTenantId,
  asUserId,
  type ConnectionId,
} from '../../../src/protocol/ids.js';
import type { Claim, SessionFields, SessionKey } from '../../../src/sessions/session-store.js';

export const acme = asTenantId('acme');
export const umbrella = asTenantId('umbrella');
export const ann = asUserId('ann');
export const bob = asUserId('bob');
/** Three connections that want the same session. */
export const [A, B, C] = ['A', 'B', 'C'].map(asConnectionId) as [ConnectionId, ConnectionId, ConnectionId];

export const newSession = (tenant = acme): SessionKey => ({ tenant, session: asSessionId(randomId()) });

export const fieldsOf = (expiresAtMs: number, user = ann): SessionFields => ({
  user,
  grants: [{ stream: 'channel:room', can: ['subscribe'] }],
  credentialExpiresAtMs: expiresAtMs,
});

/** A claim as a pod sends it; each connection is on a pod of its own. */
export const claimOf = (
  key: SessionKey,
  attempt: number,
  connection: ConnectionId,
  more: Pick<Claim, 'create' | 'renew'> = {},
): Claim => ({ ...key, attempt, connection, pod: asPodId(`pod-${connection}`), ...more });
