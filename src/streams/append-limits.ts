import type { SessionsConfig, StreamsConfig } from '../config/config.js';

/**
 * What a client comes back to outlives its session's row: that of a pod that has crashed stays for the session TTL and
 * two sweeps. Else a client that is away for so long finds its session, and its repeated publish is taken for a new one.
 */
const rowLifeMs = ({ ttlMs, sweepMs }: SessionsConfig): number => ttlMs + 2 * sweepMs;
/** A publisher's hash outlives the top of its stream by this much. */
const PUBLISHER_SPARE_MS = 60_000;

export interface AppendLimits {
  readonly lateMs: number;
  readonly windowMs: number;
  readonly windowMessages: number;
  readonly windowBytes: number;
  readonly topTtlMs: number;
  readonly publisherTtlMs: number;
}

export function appendLimits(streams: StreamsConfig, sessions: SessionsConfig): AppendLimits {
  const { lateMs, windowMs, windowMessages, windowBytes } = streams;
  const topTtlMs = Math.max(sessions.ttlMs + windowMs, rowLifeMs(sessions));
  return { lateMs, windowMs, windowMessages, windowBytes, topTtlMs, publisherTtlMs: topTtlMs + PUBLISHER_SPARE_MS };
}
