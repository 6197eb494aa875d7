import type { Clock } from '../lib/clock.js';
import type { PodId } from '../protocol/ids.js';
import type { FleetTable, FleetView } from './fleet-table.js';
import type { PodRow } from './fleet.js';

/** The twin without Redis: pods that are given the same table see each other. */
export class MemoryFleetTable implements FleetTable {
  private readonly rows = new Map<PodId, { readonly row: PodRow; readonly untilMs: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly ttlMs: number,
  ) {}

  async beat(row: PodRow | null): Promise<FleetView> {
    const now = this.clock.now();
    if (row !== null) this.rows.set(row.pod, { row, untilMs: now + this.ttlMs });
    for (const [pod, { untilMs }] of this.rows) if (untilMs <= now) this.rows.delete(pod);
    return { timeMs: now, rows: [...this.rows.values()].map((kept) => kept.row) };
  }

  async leave(pod: PodId): Promise<void> {
    this.rows.delete(pod);
  }

  async find(pod: PodId): Promise<PodRow | null> {
    const kept = this.rows.get(pod);
    return kept && kept.untilMs > this.clock.now() ? kept.row : null;
  }
}
