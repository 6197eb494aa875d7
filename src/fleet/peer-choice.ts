import { newestRevision } from './drain-reason.js';
import type { PodRow } from './fleet.js';

/** A pod of the newest revision takes clients first while it has less than this many times the mean. */
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
 * Who gets the next client: the less loaded of two random pods. Two, because all drainers see the same stale loads, and
 * the least loaded of all would get everybody until the next beat. Null if there is nobody, or all are full.
 */
export function choosePeer(candidates: readonly PodRow[], loadOf: LoadOf, random: () => number): PodRow | null {
  const open = candidates.filter((row) => loadOf(row) < row.capacity);
  const first = preferred(open, loadOf);
  if (first.length < 2) return first[0] ?? null;
  const one = Math.min(first.length - 1, Math.floor(random() * first.length));
  const step = 1 + Math.min(first.length - 2, Math.floor(random() * (first.length - 1)));
  const a = first[one];
  const b = first[(one + step) % first.length];
  if (a === undefined || b === undefined) return a ?? b ?? null;
  return loadOf(b) < loadOf(a) ? b : a;
}

/** The newest revision's pods while they aren't much fuller than the rest, else all: a stuck rollout has one new pod. */
function preferred(open: readonly PodRow[], loadOf: LoadOf): readonly PodRow[] {
  const newest = newestRevision(open);
  const mean = open.reduce((sum, row) => sum + loadOf(row), 0) / Math.max(1, open.length);
  const first = open.filter((row) => row.revision === newest && loadOf(row) <= NEWEST_FIRST_UP_TO * mean);
  return first.length > 0 ? first : open;
}
