import type { Fleet } from '../fleet/fleet.js';
import type { Clock, Timer } from '../lib/clock.js';
import type { PodId } from '../protocol/ids.js';
import type { LivingPods } from './living-pods.js';

/** A row lives longer than this, so that no absence in which rows have expired is missed. */
const SAMPLE_MS = 500;
/** For all pods to reach Redis again, with the pauses between their tries. */
const COME_BACK_MS = 5_000;

/**
 * Which pods live, but nobody is called dead soon after an absence of Redis: rows have expired meanwhile, and one pod is back
 * sooner than another.
 */
export class SteadyPods {
  private timer: Timer | null = null;
  private staleAtMs = -Infinity;

  constructor(
    private readonly living: Pick<LivingPods, 'among'>,
    private readonly fleet: Pick<Fleet, 'stale'>,
    private readonly clock: Clock,
    private readonly beatTtlMs: number,
  ) {}

  start(): void {
    this.timer = this.clock.every(SAMPLE_MS, () => {
      this.sample();
    });
  }
  stop(): void {
    this.timer?.cancel();
  }

  /** Null: nobody can say at the moment. */
  async among(pods: readonly PodId[]): Promise<ReadonlySet<PodId> | null> {
    const living = await this.living.among(pods);
    this.sample();
    if (living === null || pods.every((pod) => living.has(pod))) return living;
    const steadyForMs = this.clock.monotonic() - this.staleAtMs;
    return steadyForMs < Math.max(this.beatTtlMs, COME_BACK_MS) ? null : living;
  }

  /** Those of the pods that don't live; none while nobody can say. */
  async gone(pods: readonly PodId[]): Promise<readonly PodId[]> {
    const living = await this.among(pods);
    return living === null ? [] : pods.filter((pod) => !living.has(pod));
  }

  private sample(): void {
    if (this.fleet.stale) this.staleAtMs = this.clock.monotonic();
  }
}
