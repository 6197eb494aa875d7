import { backoffMs } from '../lib/backoff.js';
import { ApiError } from './api-error.js';

/** The watch said nothing, not even a bookmark, for longer than it may. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';
}

/** Something was said that can't be understood: what it was about isn't known any more. */
export class GarbledError extends Error {
  override readonly name = 'GarbledError';
}

/** For the metric: a closed list. */
export type WatchEndReason =
  'ended' | 'expired' | 'unauthorized' | 'forbidden' | 'throttled' | 'silent' | 'garbled' | 'failed';

export interface WatchRetry {
  readonly reason: WatchEndReason;
  /** What has been missed can't be told one by one: list again. */
  readonly relist: boolean;
  readonly afterMs: number;
}

export interface RetryTimes {
  readonly firstMs: number;
  readonly mostMs: number;
  /** Nobody gives a permission by the second. */
  readonly forbiddenMs: number;
}

/** An answer may ask for patience, not for ever. */
const RETRY_AFTER_AT_MOST_MS = 300_000;

/** What to do after a watch has ended, or couldn't begin. `failures`: such ends in a row without news in between. */
export function watchRetry(
  error: unknown,
  failures: number,
  { firstMs, mostMs, forbiddenMs }: RetryTimes,
  random: () => number,
): WatchRetry {
  const backoff = (): number => backoffMs(failures, firstMs, mostMs, random);
  if (error === null) return { reason: 'ended', relist: false, afterMs: failures === 0 ? 0 : backoff() };
  if (error instanceof SilenceError)
    return { reason: 'silent', relist: false, afterMs: failures === 0 ? 0 : backoff() };
  if (error instanceof GarbledError) return { reason: 'garbled', relist: true, afterMs: backoff() };
  const status = error instanceof ApiError ? error.status : null;
  if (status === 410) return { reason: 'expired', relist: true, afterMs: failures === 0 ? 0 : backoff() };
  if (status === 401) return { reason: 'unauthorized', relist: false, afterMs: backoff() };
  // Half of it for sure, so that a fleet that was refused together doesn't ask again and again, nor together.
  if (status === 403) return { reason: 'forbidden', relist: false, afterMs: forbiddenMs * (0.5 + 0.5 * random()) };
  const askedMs = error instanceof ApiError ? Math.min(error.retryAfterMs ?? 0, RETRY_AFTER_AT_MOST_MS) : 0;
  return { reason: status === 429 ? 'throttled' : 'failed', relist: false, afterMs: askedMs + backoff() };
}
