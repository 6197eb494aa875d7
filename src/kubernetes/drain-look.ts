import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import type { OwnDeployment } from './own-deployment.js';
import type { OwnPod } from './own-pod.js';

/** Between two looks of a draining pod; spread by up to a half. The first looks are sooner, for a drain may be short. */
const LOOK_EVERY_MS = 5_000;
const AFTER_FAILURE_MS = 500;

export interface DrainLookParts {
  readonly pod: OwnPod;
  /** Null: nobody says how many pods are wanted. */
  readonly deployment: OwnDeployment | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

/**
 * What a draining pod asks about itself, again and again: somebody may shorten its grace period, or scale its workload,
 * meanwhile. Looks, not watches: it is a matter of a minute, and a watch of pods needs a permission more.
 */
export class DrainLook {
  /** As last known: an API server that has gone away hasn't taken a promise back. */
  graceMs: number | null = null;
  wanted: number | null = null;
  private timer: Timer | null = null;
  private started = false;
  private stopped = false;

  constructor(private readonly parts: DrainLookParts) {}

  start(): void {
    if (this.started) return;
    this.started = true;
    void this.look();
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private async look(): Promise<void> {
    const { pod, deployment, clock, random } = this.parts;
    const [facts, wanted] = await Promise.all([pod.look(), deployment?.wanted() ?? null]);
    this.keep(facts?.graceMs ?? this.graceMs, wanted ?? this.wanted);
    if (this.stopped) return;
    const isAnswered = facts !== null && (deployment === null || wanted !== null);
    const everyMs = isAnswered ? LOOK_EVERY_MS : Math.max(AFTER_FAILURE_MS, LOOK_EVERY_MS * random());
    this.timer = clock.after(everyMs * (1 + 0.5 * random()), () => {
      void this.look();
    });
  }

  private keep(graceMs: number | null, wanted: number | null): void {
    if (graceMs === this.graceMs && wanted === this.wanted) return;
    this.graceMs = graceMs;
    this.wanted = wanted;
    this.parts.logger.info('kubernetes.drain-known', { graceMs, wanted });
  }
}
