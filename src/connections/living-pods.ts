import type { PodConfig } from '../config/config.js';
import type { Fleet, PodRow } from '../fleet/fleet.js';
import type { PodId } from '../protocol/ids.js';

/**
 * Which of these pods live, mostly from what this pod has read with its own beat. A pod that has missed all beats but
 * one until its row would be gone counts as dead: what is seen here is a beat old, and nobody may be taken for present
 * longer than its row lives. Null while this pod's own beat doesn't come through, or Redis is away.
 */
export function livingPods(
  fleet: Fleet,
  { beatMs, beatTtlMs }: Pick<PodConfig, 'beatMs' | 'beatTtlMs'>,
): (pods: readonly PodId[]) => Promise<ReadonlySet<PodId> | null> {
  const lives = (row: PodRow | undefined | null): boolean =>
    row !== undefined && row !== null && row.beatAtMs + beatTtlMs - beatMs > fleet.timeMs();
  return async (pods) => {
    if (fleet.stale) return null;
    const peers = new Map([...fleet.peers(), fleet.self].map((row) => [row.pod, row]));
    try {
      // Pods of other workloads, and those that came or went a moment ago.
      const found = await Promise.all(
        pods.map(async (pod) => (lives(peers.get(pod)) || lives(await fleet.find(pod)) ? [pod] : [])),
      );
      return new Set(found.flat());
    } catch {
      return null;
    }
  };
}
