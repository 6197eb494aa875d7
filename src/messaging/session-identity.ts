import type { Grant } from '../protocol/grants.js';
import type { PublisherId, UserId } from '../protocol/ids.js';
import { namedOf, type StreamName } from '../protocol/stream-name.js';
import type { StreamOwner } from '../redis/keys.js';
import type { SessionKey } from '../sessions/session-store.js';

/** Whose a connection is, after its claim. */
export interface SessionIdentity extends SessionKey {
  readonly user: UserId;
  readonly grants: readonly Grant[];
  /** Null: `hello` named none, so nothing can be published. */
  readonly publisher: PublisherId | null;
}

/** The stream that a client means by a name: always of its own tenant. Whether it may name it is said elsewhere. */
export function ownerOf(stream: StreamName, identity: SessionIdentity): StreamOwner {
  const { tenant } = identity;
  if (stream === 'session') return { kind: 'session', tenant, session: identity.session };
  if (stream === 'user') return { kind: 'user', tenant, user: identity.user };
  const named = namedOf(stream);
  return named === null ? { kind: 'tenant', tenant } : { ...named, tenant };
}
