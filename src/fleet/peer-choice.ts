import { newestRevision } from './drain-reason.js';
import type { PodRow } from './fleet.js';
import type { Orchestrator } from './orchestrator.js';

/** A pod of the newest revision takes clients first while it has at most this many times the mean. */
const NEWEST_FIRST_UP_TO = 1.3;

export interface PeerRules {
  /** Redis time. */
  readonly nowMs: number;
  /** A pod that became ready this moment may still be unknown to proxies, and cold. */
  readonly peerReadyMs: number;
  /** What this pod speaks, and therefore its clients. */
  readonly protocols: readonly string[];
}

/** Connections that a pod is believed to have. */
export type LoadOf = (row: PodRow) => number;

/** The pods that clients may be sent to at all. */
export function receivers(peers: readonly PodRow[], rules: PeerRules): readonly PodRow[] {
  return peers.filter(
    (row) =>
      row.state === 'serving' &&
      row.readySinceMs !== null &&
      rules.nowMs - row.readySinceMs >= rules.peerReadyMs &&
      row.protocols.some((protocol) => rules.protocols.includes(protocol)),
  );
}

/**
 * Of the receivers, those that newcomers are led to: a client that comes back through the shared URL reaches no other. All
 * of them if that is known of none.
 */
export function routed(from: readonly PodRow[], orchestrator: Pick<Orchestrator, 'routesTo'>): readonly PodRow[] {
  const led = from.filter((row) => orchestrator.routesTo(row.name) === true);
  return led.length > 0 ? led : from;
}

/**
 * Those that the next clients go to: with room, and of the newest revision while that isn't much fuller than the rest. A
 * client that goes to an old pod moves again; but a rollout that is stuck has one new pod, which can't take everybody.
 */
export function candidates(from: readonly PodRow[], loadOf: LoadOf): readonly PodRow[] {
  const open = from.filter((row) => loadOf(row) < row.capacity);
  const newest = newestRevision(open);
  const mean = open.reduce((sum, row) => sum + loadOf(row), 0) / Math.max(1, open.length);
  const first = open.filter((row) => row.revision === newest && loadOf(row) <= NEWEST_FIRST_UP_TO * mean);
  return first.length > 0 ? first : open;
}

/**
 * What part of the `toCome` clients each pod should get, so that all end up level: water poured over steps of these
 * heights. The parts add up to 1 (to 0 without pods).
 */
export function shares(loads: readonly number[], toCome: number): readonly number[] {
  const rising = loads.toSorted((a, b) => a - b);
  let under = 0;
  let level = 0;
  for (const [index, load] of rising.entries()) {
    under += load;
    level = (under + toCome) / (index + 1);
    if (level <= (rising[index + 1] ?? Infinity)) break;
  }
  return loads.map((load) => Math.max(0, level - load) / toCome);
}
