import type { Grant } from '../protocol/grants.js';
import type { PublisherId, UserId } from '../protocol/ids.js';
import { channelOf, type StreamName } from '../protocol/stream-name.js';
import type { StreamOwner } from '../redis/keys.js';
import type { SessionKey } from '../sessions/session-store.js';

/** Whose a connection is, after its claim. */
export interface SessionIdentity extends SessionKey {
  readonly user: UserId;
  readonly grants: readonly Grant[];
  /** Null: `hello` named none, so nothing can be published. */
  readonly publisher: PublisherId | null;
}

/** The stream that a client means by a name: the tenant, user and session are always its own. */
export function ownerOf(stream: StreamName, identity: SessionIdentity): StreamOwner {
  const { tenant } = identity;
  if (stream === 'session') return { kind: 'session', tenant, session: identity.session };
  if (stream === 'user') return { kind: 'user', tenant, user: identity.user };
  const channel = channelOf(stream);
  return channel === null ? { kind: 'tenant', tenant } : { kind: 'channel', tenant, channel };
}
