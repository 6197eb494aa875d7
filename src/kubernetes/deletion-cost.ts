import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import type { OwnPod } from './own-pod.js';

/** What the controller of a ReplicaSet reads: the pods of the lowest go first. */
const COST = 'controller.kubernetes.io/pod-deletion-cost';
/** The same value again, which says that it is ours: somebody else may keep the other. */
const MARK = 'baton/pod-deletion-cost';

/** Each change is a write to etcd and an event for everybody who watches pods. */
const LOOK_EVERY_MS = 60_000;

/** Connections to powers of two: only a pod that has become half as full, or twice, is another to a scale-in. */
export function deletionCost(connections: number): number {
  return connections < 1 ? 0 : 2 ** Math.floor(Math.log2(connections));
}

export interface DeletionCostParts {
  readonly pod: OwnPod;
  readonly connections: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keeps this pod's deletion cost near its connections: written at most once in a minute, and only on change. */
export class DeletionCost {
  private timer: Timer | null = null;
  private stopped = false;
  private written: string | null = null;

  constructor(
    private readonly parts: DeletionCostParts,
    private readonly random: () => number = Math.random,
  ) {}

  start(): void {
    this.timer = this.parts.clock.after(LOOK_EVERY_MS * (1 + 0.5 * this.random()), () => {
      void this.look().then(() => {
        if (!this.stopped) this.start();
      });
    });
  }

  /** For a pod that is going anyway. */
  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private async look(): Promise<void> {
    const { pod, connections, logger } = this.parts;
    const cost = String(deletionCost(connections()));
    if (cost === this.written) return;
    const facts = await pod.look();
    if (facts === null || this.stopped) return;
    const found = facts.annotations[COST];
    if (found !== undefined && found !== facts.annotations[MARK]) {
      logger.warn('kubernetes.deletion-cost-of-another', { cost: found });
      this.stop();
    } else if (await pod.annotate({ [COST]: cost, [MARK]: cost })) {
      this.written = cost;
    }
  }
}
