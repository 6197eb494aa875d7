import { FairTurns } from './fair-turns.js';
import type { PodId } from '../protocol/ids.js';
import type { Fleet, PodRow } from './fleet.js';
import { noOrchestrator, type Orchestrator } from './orchestrator.js';
import { candidates, receivers, routed, shares } from './peer-choice.js';
import { SentClients } from './sent-clients.js';

/** A client that was sent off is counted by its receiver about this much later: it waits, then connects. */
const ARRIVES_WITHIN_MS = 250;

/**
 * Shares clients out so that receivers end up level, although every drainer sees the others' loads a beat late. What they
 * have sent meanwhile each reckons from itself: they see the same loads, use the same rule and go at the same pace, so the
 * others together send (drainers - 1) times what it sends. docs/decisions has the measurements.
 */
export class PeerPicker {
  private readonly sent = new SentClients();
  private turns: FairTurns<PodId> | null = null;

  constructor(
    private readonly fleet: Fleet,
    private readonly peerReadyMs: number,
    private readonly orchestrator: Orchestrator = noOrchestrator,
  ) {}

  /** The pods that clients could be sent to now, full or not. */
  receivers(): readonly PodRow[] {
    const { fleet, peerReadyMs } = this;
    const rules = { nowMs: fleet.timeMs(), peerReadyMs, protocols: fleet.self.protocols };
    return routed(receivers(fleet.peers(), rules), this.orchestrator);
  }

  /** A receiver for each of `count` clients of the `toCome` that are left here, counted as sent; none if all are full. */
  pick(count: number, toCome: number = count): readonly PodRow[] {
    if (count === 0) return [];
    const nowMs = this.fleet.timeMs();
    const drainers = this.drainers();
    const all = this.receivers();
    const loads = new Map(
      all.map((row) => [
        row.pod,
        row.connections + drainers.length * this.sent.since(row.pod, row.beatAtMs - ARRIVES_WITHIN_MS),
      ]),
    );
    const loadOf = ({ pod }: PodRow) => loads.get(pod) ?? 0;
    const rows = candidates(all, loadOf).toSorted((a, b) => (a.pod < b.pod ? -1 : 1));
    const parts = shares(rows.map(loadOf), Math.max(count, toCome) * drainers.length);
    const weights = new Map(rows.map((row, index) => [row.pod, parts[index] ?? 0]));
    // What is expected of a share, not who happened to get a turn: times the drainers, whole turns would be great leaps.
    for (const [pod, part] of weights) this.sent.note(pod, part * count, nowMs);
    this.turns ??= new FairTurns(Math.max(0, drainers.indexOf(this.fleet.self.pod)) / drainers.length);
    return this.takeTurns(this.turns, weights, count).flatMap((pod) => rows.find((row) => row.pod === pod) ?? []);
  }

  private takeTurns(turns: FairTurns<PodId>, weights: ReadonlyMap<PodId, number>, count: number): readonly PodId[] {
    return Array.from({ length: count }).flatMap(() => turns.next(weights) ?? []);
  }

  /** This pod and the others that have clients to send off, in the same order for all of them. */
  private drainers(): readonly PodId[] {
    const { self } = this.fleet;
    const others = this.fleet.peers().filter((row) => row.state === 'draining' && row.connections > 0);
    return [self, ...others].map((row) => row.pod).sort();
  }
}
