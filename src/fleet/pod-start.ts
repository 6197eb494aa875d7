import type { PodRow } from './fleet.js';

/**
 * When this pod started: the first beat, unless the row of an earlier process of the same pod is still there. A container
 * of an old revision that crashes during a rollout would otherwise make its revision look like the newest.
 */
export function podStart(rows: readonly PodRow[], name: string, workload: string, firstBeatMs: number): number {
  const earlier = rows.filter((row) => row.name === name && row.workload === workload);
  return Math.min(firstBeatMs, ...earlier.map((row) => row.startedAtMs));
}
