import type { PodId } from '../protocol/ids.js';
import type { PodRow } from './fleet.js';

/** All pods that share a Redis, of every workload, at one instant of its clock. */
export interface FleetView {
  readonly timeMs: number;
  readonly rows: readonly PodRow[];
}

/** Where pods leave word of themselves. Every call rejects with BatonError `unavailable` when Redis is away. */
export interface FleetTable {
  /** Writes the row for the time to live, drops the dead, returns everybody. Null: only reads. */
  beat(row: PodRow | null): Promise<FleetView>;
  leave(pod: PodId): Promise<void>;
  /** Its row as long as it lives; also one that this reader doesn't share a workload with. */
  find(pod: PodId): Promise<PodRow | null>;
}

/** The table as this pod writes into it. */
export type FleetTableOf = (own: PodId) => FleetTable;

export const FLEET_TABLE = Symbol('FleetTableOf');
