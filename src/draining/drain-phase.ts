/**
 * serving: no signal yet. draining: telling the fleet. holding: waiting for the rest of the new revision. handing-over:
 * clients move. closing: the rest get 1012. finished: nobody is left.
 */
export const drainPhases = ['serving', 'draining', 'holding', 'handing-over', 'closing', 'finished'] as const;
export type DrainPhase = (typeof drainPhases)[number];

/**
 * begin: the first SIGTERM. announced: the fleet knows, or can't be told now. release: the hold has ended, or a second
 * SIGTERM. empty: no client is left. deadline: time is up. closed: everything is closed, or closing took too long.
 */
export const drainEvents = ['begin', 'announced', 'release', 'empty', 'deadline', 'closed'] as const;
export type DrainEvent = (typeof drainEvents)[number];

/** An event that isn't in a phase's row leaves it where it is. No row leads back. */
const table: Readonly<Record<DrainPhase, Readonly<Partial<Record<DrainEvent, DrainPhase>>>>> = {
  serving: { begin: 'draining' },
  draining: { announced: 'holding', release: 'handing-over', empty: 'closing', deadline: 'closing' },
  holding: { release: 'handing-over', empty: 'closing', deadline: 'closing' },
  'handing-over': { empty: 'closing', deadline: 'closing' },
  closing: { closed: 'finished' },
  finished: {},
};

export function transition(phase: DrainPhase, event: DrainEvent): DrainPhase {
  return table[phase][event] ?? phase;
}
