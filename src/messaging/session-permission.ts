import { mayUse, type Permission } from '../protocol/grants.js';
import { keyOfUser } from '../protocol/ids.js';
import type { StreamName } from '../protocol/stream-name.js';
import type { SessionIdentity } from './session-identity.js';

/** Whether what a session does with a stream is allowed; the one place that says so. */
export function sessionMay(identity: SessionIdentity, stream: StreamName, permission: Permission): boolean {
  if (!mayName(identity, stream)) return false;
  if (permission === 'subscribe' && needsNoGrant(identity, stream)) return true;
  return mayUse(identity.grants, stream, permission);
}

/**
 * `user:<id>` and `session:<id>` are for sessions of API keys, whatever the grants of a token say. Its own go by their
 * short names only: under two names one stream would have two sequences of the same publisher.
 */
export function mayName({ user, session }: SessionIdentity, stream: StreamName): boolean {
  // Asked for with every message, nearly always of a channel: nothing is made for the answer.
  const isUser = stream.startsWith('user:');
  if (!isUser && !stream.startsWith('session:')) return true;
  if (keyOfUser(user) === null) return false;
  return isUser ? stream !== `user:${user}` : stream !== `session:${session}`;
}

/** One's own; and a tenant's announcements are for all of its users, though not for each of its backends. */
function needsNoGrant({ user }: SessionIdentity, stream: StreamName): boolean {
  if (stream === 'session' || stream === 'user') return true;
  return stream === 'tenant' && keyOfUser(user) === null;
}
