import type { PodId } from '../protocol/ids.js';

export type PodState = 'starting' | 'serving' | 'draining';

/** One pod as its own beat says; the row is gone 10 s after the last beat. */
export interface PodRow {
  readonly pod: PodId;
  readonly name: string;
  /** What Deployment it belongs to; only pods of the same workload are peers. */
  readonly workload: string;
  readonly revision: string;
  /** Redis time in ms at which the pod started; a container that restarts under the same name keeps its pod's. */
  readonly startedAtMs: number;
  /** Redis time in ms since which it is ready; null while it isn't. */
  readonly readySinceMs: number | null;
  readonly state: PodState;
  readonly connections: number;
  readonly capacity: number;
  /** Where clients reach this very pod; null: only through the shared URL. */
  readonly url: string | null;
  /** Where other pods reach its probes; null: they don't. */
  readonly probeUrl: string | null;
  /** Protocol versions it speaks. */
  readonly protocols: readonly string[];
  /** Redis time in ms of the beat that wrote this: how old `connections` is. */
  readonly beatAtMs: number;
}

/** The pods of this workload as last read (at most one beat old, unless `stale`). */
export interface Fleet {
  readonly self: PodRow;
  /** True until the first beat came through and after each that didn't: `peers()` is then what was last seen. */
  readonly stale: boolean;
  /** The other pods of this workload, whatever their state. */
  peers(): readonly PodRow[];
  /** Marks this pod, writes it to Redis now and reads the others: they see it at once. Resolves also if Redis is away. */
  announce(state: PodState): Promise<void>;
  /** Called by connections/ for every beat. */
  countConnections(count: () => number): void;
  /** The row of a living pod, read now; rejects with BatonError `unavailable` if Redis is away: nothing is known then. */
  find(pod: PodId): Promise<PodRow | null>;
  /** Redis time estimate in ms. */
  timeMs(): number;
  /** The last beat: takes this pod's row away and beats no more. Resolves also if Redis is away. */
  leave(): Promise<void>;
}

export const FLEET = Symbol('Fleet');
