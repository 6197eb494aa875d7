/**
 * Full jitter: uniformly random in 0..min(maxMs, baseMs x 2^failures), so that many that failed together don't come
 * back together.
 */
export function backoffMs(failures: number, baseMs: number, maxMs: number, random: () => number = Math.random): number {
  return random() * Math.min(maxMs, baseMs * 2 ** Math.min(failures, 30));
}
