import type { SessionsConfig } from '../config/config.js';

/** Two sweeps more than the session TTL: one that fails doesn't cost a session whose client is connected. */
export const ownedTtlMs = ({ ttlMs, sweepMs }: SessionsConfig): number => ttlMs + 2 * sweepMs;

/** How long a client has to come back. */
export const detachedTtlMs = ({ ttlMs }: SessionsConfig): number => ttlMs;
