import { describe, expect, it } from '@jest/globals';
import { ownedTtlMs } from '../../src/sessions/session-lifetime.js';
import { appendLimits } from '../../src/streams/append-limits.js';
import { usualLimits } from '../support/streams/log-twin.js';

/** Session TTL, sweep and window in minutes. */
const settings = [
  [5, 10, 10],
  [60, 10, 10],
  [5, 1, 30],
  [1, 30, 10],
] as const;

describe('a client that comes back to the session of a crashed pod', () => {
  it.each(settings)('finds what it has settled: TTL %d, sweep %d, window %d', (ttl, sweep, window) => {
    const sessions = { ttlMs: ttl * 60_000, sweepMs: sweep * 60_000 };
    const limits = appendLimits({ ...usualLimits, windowMs: window * 60_000 }, sessions);
    expect(limits.topTtlMs).toBeGreaterThanOrEqual(ownedTtlMs(sessions));
    expect(limits.publisherTtlMs).toBeGreaterThan(ownedTtlMs(sessions));
  });
});
