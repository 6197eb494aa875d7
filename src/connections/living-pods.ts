import type { PodConfig } from '../config/config.js';
import type { Fleet, PodRow } from '../fleet/fleet.js';
import type { PodId } from '../protocol/ids.js';

/**
 * Which pods live, mostly from what this pod has read with its own beat. One whose last beat is older than a row lives,
 * less a beat, counts as dead: what is seen here is a beat old, and nobody may be taken for present for longer than a row
 * lives. One that has just left counts still, for the same time: its clients are on their way to another.
 */
export class LivingPods {
  private readonly beats = new Map<PodId, number>();

  constructor(
    private readonly fleet: Fleet,
    private readonly config: Pick<PodConfig, 'beatMs' | 'beatTtlMs'>,
  ) {}

  /** Those of the pods that live; null while this pod's own beat doesn't come through, or Redis is away. */
  async among(pods: readonly PodId[]): Promise<ReadonlySet<PodId> | null> {
    if (this.fleet.stale) return null;
    for (const row of [...this.fleet.peers(), this.fleet.self]) this.read(row);
    try {
      // Pods of other workloads, and those that came a moment ago.
      await Promise.all(
        pods.map(async (pod) => {
          if (!this.lives(pod)) this.read(await this.fleet.find(pod));
        }),
      );
    } catch {
      return null;
    }
    const living = new Set(pods.filter((pod) => this.lives(pod)));
    for (const pod of this.beats.keys()) if (!this.lives(pod)) this.beats.delete(pod);
    return living;
  }

  /** It has just done something: as good as a beat. */
  saw(pod: PodId): void {
    this.beats.set(pod, this.fleet.timeMs());
  }

  private read(row: PodRow | null): void {
    if (row !== null) this.beats.set(row.pod, Math.max(row.beatAtMs, this.beats.get(row.pod) ?? 0));
  }

  private lives(pod: PodId): boolean {
    const { beatTtlMs, beatMs } = this.config;
    return (this.beats.get(pod) ?? -Infinity) + beatTtlMs - beatMs > this.fleet.timeMs();
  }
}
