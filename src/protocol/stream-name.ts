import {
  ID_PATTERN,
  isChannelName,
  isSessionId,
  isUserId,
  NAME_PATTERN,
  type ChannelName,
  type SessionId,
  type UserId,
} from './ids.js';

/**
 * A stream as a client names it: its own session's, its user's, its tenant's, or a channel of its tenant. Whose they
 * are follows from the verified credential, never from the frame. With an API key also those of others in its tenant,
 * by their ids.
 */
export type StreamName = 'session' | 'user' | 'tenant' | `channel:${string}` | `user:${string}` | `session:${string}`;

/** What follows the kind in a name, and of which kind it is. */
export type NamedStream =
  | { readonly kind: 'channel'; readonly channel: ChannelName }
  | { readonly kind: 'user'; readonly user: UserId }
  | { readonly kind: 'session'; readonly session: SessionId };

/** All of them in one: it is asked of each frame, and is in a page's file. */
const STREAM_NAME = new RegExp(
  `^(?:session|user|tenant|(?:channel|user):${NAME_PATTERN}|(?:session|user:key):${ID_PATTERN})$`,
);

export const isStreamName = (text: unknown): text is StreamName => typeof text === 'string' && STREAM_NAME.test(text);

/** Null for `session`, `user` and `tenant`: whose those are isn't in the name. Of a text that may be no name at all. */
export function parseNamed(text: string): NamedStream | null {
  const colon = text.indexOf(':');
  const kind = text.slice(0, Math.max(0, colon));
  const name = text.slice(colon + 1);
  if (kind === 'channel' && isChannelName(name)) return { kind, channel: name };
  if (kind === 'user' && isUserId(name)) return { kind, user: name };
  if (kind === 'session' && isSessionId(name)) return { kind, session: name };
  return null;
}

/** As `parseNamed`, of what is known to be a name: it is asked for with each message. */
export function namedOf(stream: StreamName): NamedStream | null {
  const colon = stream.indexOf(':');
  if (colon < 0) return null;
  const name = stream.slice(colon + 1);
  switch (stream[0]) {
    case 'c':
      return { kind: 'channel', channel: name as ChannelName };
    case 'u':
      return { kind: 'user', user: name as UserId };
    default:
      return { kind: 'session', session: name as SessionId };
  }
}
