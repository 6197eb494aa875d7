import { isChannelName, type ChannelName } from './ids.js';

/**
 * A stream as a client names it: its own session's, its user's, its tenant's, or a channel of its tenant. Whose they
 * are follows from the verified credential, never from the frame.
 */
export type StreamName = 'session' | 'user' | 'tenant' | `channel:${string}`;

const CHANNEL = 'channel:';

export function isStreamName(text: unknown): text is StreamName {
  if (typeof text !== 'string') return false;
  if (text === 'session' || text === 'user' || text === 'tenant') return true;
  return text.startsWith(CHANNEL) && isChannelName(text.slice(CHANNEL.length));
}

/** The channel of `channel:<name>`, or null for the other streams. */
export function channelOf(stream: StreamName): ChannelName | null {
  return stream.startsWith(CHANNEL) ? (stream.slice(CHANNEL.length) as ChannelName) : null;
}
