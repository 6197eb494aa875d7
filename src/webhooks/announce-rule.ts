import type { PodId } from '../protocol/ids.js';
import type { EventType } from './webhook-event.js';

/** What receivers were last told of a session, and what pods have reported since. */
export interface Tracked {
  readonly state: 'connected' | 'disconnected' | 'over';
  /** Somebody asked for its end. */
  readonly ended: boolean;
  /** Since when nobody holds it, as far as is known, or since when it is over; 0: somebody does. Redis time in ms. */
  readonly leftAtMs: number;
}

/** What a look at its row has found. */
export type Sight =
  /** `podLives`: of the pod that was the last to hold it. */
  | { readonly kind: 'gone'; readonly podLives: boolean }
  | { readonly kind: 'held'; readonly pod: PodId }
  /** `forMs`: how long at least nobody has held it, as a pod's silence says; negative: the grace has to be longer. */
  | { readonly kind: 'free'; readonly forMs: number };

export interface AnnounceTimes {
  readonly graceMs: number;
  /** A session that is held is looked at after this time at the latest. */
  readonly patrolMs: number;
  /** Of a row that nobody holds. */
  readonly sessionTtlMs: number;
}

export interface Verdict {
  /** In this order. */
  readonly events: readonly EventType[];
  /** Null: never again. */
  readonly next: { readonly afterMs: number; readonly leftAtMs: number; readonly pod: PodId | null } | null;
}

/** A row that is still there when it should have expired is looked at again after this part of its time to live. */
const LATE_PART = 8;
/** For so long it is known that a session is over: that somebody holds it may be reported late. */
export const OVER_MS = 300_000;

export function stateAfter(type: EventType): Tracked['state'] {
  if (type === 'session.connected') return 'connected';
  return type === 'session.disconnected' ? 'disconnected' : 'over';
}

/**
 * What a look comes to. Reports only say when to look; what is told follows from the row. `connected` and `disconnected`
 * take turns, `expired` or `ended` comes last and only after a `disconnected`, and nobody is told of a session that is held
 * again within the grace.
 */
export function decideLook(tracked: Tracked, sight: Sight, nowMs: number, times: AnnounceTimes): Verdict {
  const wasConnected = tracked.state === 'connected';
  if (tracked.state === 'over' && sight.kind !== 'held') return waitForLateReports(tracked, nowMs);
  switch (sight.kind) {
    case 'gone':
      return {
        events: [...(wasConnected ? DISCONNECTED : []), lastEvent(tracked, sight.podLives)],
        next: { afterMs: OVER_MS, leftAtMs: nowMs, pod: null },
      };
    case 'held':
      return {
        events: wasConnected ? [] : CONNECTED,
        next: { afterMs: times.patrolMs, leftAtMs: 0, pod: sight.pod },
      };
    case 'free':
      return wasConnected ? whenFree(tracked, sight.forMs, nowMs, times) : waitForItsEnd(tracked, times);
  }
}

const CONNECTED: readonly EventType[] = ['session.connected'];
const DISCONNECTED: readonly EventType[] = ['session.disconnected'];

/** A pod that lives refreshes the rows that it holds: one that has gone all the same was ended. One that it gave back expires. */
function lastEvent({ ended, state, leftAtMs }: Tracked, podLives: boolean): EventType {
  return ended || (state === 'connected' && leftAtMs === 0 && podLives) ? 'session.ended' : 'session.expired';
}

function whenFree({ leftAtMs }: Tracked, forMs: number, nowMs: number, times: AnnounceTimes): Verdict {
  // A clock of Redis that was set back must not make the grace longer.
  const since = leftAtMs === 0 ? nowMs - forMs : Math.min(nowMs, leftAtMs);
  const restMs = since + times.graceMs - nowMs;
  if (restMs > 0) return { events: [], next: { afterMs: restMs, leftAtMs: since, pod: null } };
  const afterMs = Math.max(1, since + times.sessionTtlMs - nowMs);
  return { events: DISCONNECTED, next: { afterMs, leftAtMs: since, pod: null } };
}

/** The row of a crashed pod lives longer than one that was given back. */
function waitForItsEnd({ leftAtMs }: Tracked, { sessionTtlMs }: AnnounceTimes): Verdict {
  return { events: [], next: { afterMs: Math.ceil(sessionTtlMs / LATE_PART), leftAtMs, pod: null } };
}

function waitForLateReports({ leftAtMs }: Tracked, nowMs: number): Verdict {
  const restMs = Math.min(nowMs, leftAtMs) + OVER_MS - nowMs;
  return { events: [], next: restMs > 0 ? { afterMs: restMs, leftAtMs, pod: null } : null };
}
