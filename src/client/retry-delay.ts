import { backoffMs } from '../lib/backoff.js';
import type { ClientSettings } from './client-options.js';

/** Until something is asked for again: not before the service wants it, and with backoff. */
export const retryDelayMs = (
  { backoff: { baseMs, maxMs }, random }: Pick<ClientSettings, 'backoff' | 'random'>,
  failures: number,
  atLeastMs: number,
): number => atLeastMs + backoffMs(failures, baseMs, maxMs, random);
