import type { Backend } from '../auth/principal.js';
import { BatonError } from '../lib/baton-error.js';
import { mayUse, type Permission } from '../protocol/grants.js';
import type { ChannelName, SessionId, UserId } from '../protocol/ids.js';
import { parseNamed, type StreamName } from '../protocol/stream-name.js';
import type { StreamOwner } from '../redis/keys.js';

/** What a backend sends to: always within the tenant of its API key. */
export type SendTarget =
  | { readonly session: SessionId }
  | { readonly user: UserId }
  | { readonly channel: ChannelName }
  | { readonly tenant: true };

/** `channel:<name>`, `user:<id>`, `session:<id>` or `tenant`; null for what is none of them. */
export function parseTarget(stream: string): SendTarget | null {
  if (stream === 'tenant') return { tenant: true };
  const named = parseNamed(stream);
  switch (named?.kind) {
    case 'channel':
      return { channel: named.channel };
    case 'user':
      return { user: named.user };
    case 'session':
      return { session: named.session };
    case undefined:
      return null;
  }
}

export function targetOwner({ tenant }: Backend, target: SendTarget): StreamOwner {
  if ('session' in target) return { kind: 'session', tenant, session: target.session };
  if ('user' in target) return { kind: 'user', tenant, user: target.user };
  if ('channel' in target) return { kind: 'channel', tenant, channel: target.channel };
  return { kind: 'tenant', tenant };
}

/** A backend has no session or user of its own, so its grants name them: `session:<id>`, `user:<id>`. */
export function grantName(target: SendTarget): StreamName {
  if ('session' in target) return `session:${target.session}`;
  if ('user' in target) return `user:${target.user}`;
  if ('channel' in target) return `channel:${target.channel}`;
  return 'tenant';
}

/** Throws BatonError `forbidden`; decided by the name alone, so that it doesn't tell what exists. */
export function requireGrant(backend: Backend, target: SendTarget, permission: Permission): void {
  const name = grantName(target);
  if (!mayUse(backend.grants, name, permission))
    throw new BatonError('forbidden', `this API key has no grant to ${permission} on ${name}`);
}

/** As `requireGrant`, for all sessions of the tenant. */
export function requireAnySession(backend: Backend, permission: Permission): void {
  if (!mayUse(backend.grants, 'session:*', permission))
    throw new BatonError('forbidden', `this API key has no grant to ${permission} on session:*`);
}
