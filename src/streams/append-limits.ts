import type { SessionsConfig, StreamsConfig } from '../config/config.js';

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
  const topTtlMs = sessions.ttlMs + windowMs;
  return { lateMs, windowMs, windowMessages, windowBytes, topTtlMs, publisherTtlMs: topTtlMs + PUBLISHER_SPARE_MS };
}
