import type { ResetReason } from '../protocol/frames.js';
import { samePosition, stepFrom, type Position } from '../protocol/position.js';
import type { Entry, ReadResult } from './stream-log.js';

/** Entries that lead on from a position. */
export interface Following {
  readonly run: readonly Entry[];
  /** False: one of them neither follows nor is a repeat, so the log must be read. */
  readonly complete: boolean;
}

/** (M) Those that are next, one after the other; repeats are left out. Without a position nothing can follow. */
export function following(position: Position | null, entries: readonly Entry[]): Following {
  const run: Entry[] = [];
  let from: Position | null = position;
  for (const entry of entries) {
    const step = from === null ? 'gap' : stepFrom(from, entry);
    if (step === 'gap') return { run, complete: false };
    if (step === 'ignore') continue;
    run.push(entry);
    from = entry;
  }
  return { run, complete: true };
}

/**
 * Redis publishes in the order of offsets. What was passed before belongs to a log that has replaced the pod's. So may
 * the first that is heard (`heardTo` 0) if the pod has read past it: that read may be of the log before.
 */
export function isHeardInOrder(position: Position | null, heardTo: number, first: Entry, last: Entry): boolean {
  if (heardTo > 0) return first.offset > heardTo;
  return position === null || last.offset > position.offset || last.id === position.id;
}

/**
 * A member has read the log's end. (M) It is live only if it is where the pod is: joining behind hangs until the next
 * message, joining ahead hides a rewound log. Otherwise both read. With news there may be more, so the member reads at
 * once; without it would only find the same, and waits until the pod has read.
 */
export function decideJoin(pod: Position, member: Position, news: boolean): 'live' | 'reads' | 'waits' {
  if (samePosition(pod, member)) return 'live';
  return news && member.offset < pod.offset ? 'reads' : 'waits';
}

/** The pod has come to a position: what a member that waits for it does. (M) Live only there. */
export function decideRelease(pod: Position, member: Position | null): 'live' | 'reads' | 'waits' {
  if (member && member.offset > pod.offset) return 'waits';
  return member && samePosition(member, pod) ? 'live' : 'reads';
}

/** Whoever is beyond the log's end has read a log that is no longer: waiting for the pod to come there would hide it. */
export function isBeyond(end: Position, member: Position | null): boolean {
  return member !== null && member.offset > end.offset;
}

export type PageDecision =
  /** The position has moved since: what was read says nothing about it. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'reset'; readonly reason: ResetReason; readonly position: Position }
  | { readonly kind: 'entries'; readonly following: Following; readonly readsAgain: boolean };

/** A page that the pod has read `from` its position, which what was heard meanwhile may have moved to `position`. */
export function decidePage(position: Position, from: Position, result: ReadResult): PageDecision {
  if (result.kind === 'reset') {
    if (!samePosition(position, from)) return { kind: 'stale' };
    return { kind: 'reset', reason: result.reason, position: result.top };
  }
  const found = following(position, result.entries);
  const reached = found.run.at(-1)?.offset ?? position.offset;
  const more = reached < result.top.offset && result.entries.length > 0;
  return { kind: 'entries', following: found, readsAgain: more || !found.complete };
}

/** Entries that are kept until they are heard. A log that was rewound further than that is noticed when it has regrown. */
const UNHEARD_KEPT = 32;

/** What was read, now or before, and lies beyond what was heard. */
export function stillUnheard(
  before: readonly Position[],
  heardTo: number,
  read: readonly Entry[] = [],
): readonly Position[] {
  if (before.length === 0 && read.length === 0) return before;
  const all = [...before, ...read.map(({ offset, id }) => ({ offset, id }))];
  return all.filter(({ offset }) => offset > heardTo).slice(-UNHEARD_KEPT);
}

/** Whether what is heard is what was read at its offsets. If not, another log has replaced the one that was read. */
export function agreesWith(unheard: readonly Position[], heard: readonly Entry[]): boolean {
  return unheard.every((read) => heard.every(({ offset, id }) => offset !== read.offset || id === read.id));
}
