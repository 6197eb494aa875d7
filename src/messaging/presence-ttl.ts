import type { SessionsConfig } from '../config/config.js';

/** Two sweeps: one that fails doesn't cost anybody's place. */
export const presenceTtlMs = ({ sweepMs }: SessionsConfig): number => 2 * sweepMs;
