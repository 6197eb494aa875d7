import type { PodId } from '../protocol/ids.js';

export type PodState = 'starting' | 'serving' | 'draining';

/** One pod as its beat says; a row lives 10 s. */
export interface PodRow {
  readonly pod: PodId;
  readonly name: string;
  /** What Deployment it belongs to; only pods of the same workload are peers. */
  readonly workload: string;
  readonly revision: string;
  /** Redis time in ms at which the process started. */
  readonly startedAtMs: number;
  /** Redis time in ms since which it is ready; null while it isn't. */
  readonly readySinceMs: number | null;
  readonly state: PodState;
  readonly connections: number;
  readonly capacity: number;
  /** Where clients reach this very pod; null: only through the shared URL. */
  readonly url: string | null;
  /** Protocol versions it speaks. */
  readonly protocols: readonly string[];
}

/** The pods of this workload as last read (at most one beat old). */
export interface Fleet {
  readonly self: PodRow;
  peers(): readonly PodRow[];
  /** Marks this pod and writes it to Redis now; readers see it at once. Resolves also if Redis is away. */
  announce(state: PodState): Promise<void>;
  /** Called by connections/ for every beat. */
  countConnections(count: () => number): void;
  isAlive(pod: PodId): Promise<boolean>;
  /** Redis time estimate in ms. */
  timeMs(): number;
}

export const FLEET = Symbol('Fleet');
