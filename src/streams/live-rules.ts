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

/** What was heard of a log, to notice when another one has taken its place although no connection was lost. */
export interface Hearing {
  /** Offset of the last entry heard; 0: none yet. */
  readonly to: number;
  /** What was read and not heard yet: if something else is heard in its place, another log has replaced ours. */
  readonly unheard: readonly Position[];
}

export const NOTHING_HEARD: Hearing = { to: 0, unheard: [] };

/** Entries that are kept until they are heard. A log that was rewound further than that is noticed when it has regrown. */
const UNHEARD_KEPT = 32;

/**
 * Redis publishes in the order of offsets. What was passed before belongs to a log that has replaced ours. So may the
 * first that is heard if the pod has read past it: that read may be of the log before.
 */
export function hear(
  { to, unheard }: Hearing,
  position: Position | null,
  entries: readonly Entry[],
): { readonly hearing: Hearing; readonly isOfThisLog: boolean } {
  const [first, last] = [entries[0], entries.at(-1)];
  if (!first || !last) return { hearing: { to, unheard }, isOfThisLog: true };
  const inOrder = to > 0 ? first.offset > to : !isPast(position, last);
  const hearing = { to: last.offset, unheard: stillUnheard(unheard, last.offset) };
  return { hearing, isOfThisLog: inOrder && agreesWith(unheard, entries) };
}

/** A page of the log was read: what of it was not heard yet is expected to be. */
export function expectToHear({ to, unheard }: Hearing, read: readonly Entry[]): Hearing {
  return { to, unheard: stillUnheard(unheard, to, read) };
}

/** What is heard is before the position, and isn't the entry that it names. */
function isPast(position: Position | null, { offset, id }: Entry): boolean {
  return position !== null && offset <= position.offset && id !== position.id;
}

function stillUnheard(before: readonly Position[], to: number, read: readonly Entry[] = []): readonly Position[] {
  if (before.length === 0 && read.length === 0) return before;
  const all = [...before, ...read.map(({ offset, id }) => ({ offset, id }))];
  return all.filter(({ offset }) => offset > to).slice(-UNHEARD_KEPT);
}

function agreesWith(unheard: readonly Position[], heard: readonly Entry[]): boolean {
  return unheard.every((read) => heard.every(({ offset, id }) => offset !== read.offset || id === read.id));
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
  | { readonly kind: 'entries'; readonly entries: readonly Entry[]; readonly readsAgain: boolean };

/** A page that the pod has read `from` its position, which what was heard meanwhile may have moved to `position`. */
export function decidePage(position: Position, from: Position, result: ReadResult): PageDecision {
  if (result.kind === 'reset') {
    if (!samePosition(position, from)) return { kind: 'stale' };
    return { kind: 'reset', reason: result.reason, position: result.top };
  }
  const found = following(position, result.entries);
  const reached = found.run.at(-1)?.offset ?? position.offset;
  const more = reached < result.top.offset && result.entries.length > 0;
  return { kind: 'entries', entries: result.entries, readsAgain: more || !found.complete };
}
