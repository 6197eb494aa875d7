import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  drainEvents,
  drainPhases,
  transition,
  type DrainEvent,
  type DrainPhase,
} from '../../src/draining/drain-phase.js';

/** What moves; every other pair of phase and event stays. */
const moves: readonly (readonly [DrainPhase, DrainEvent, DrainPhase])[] = [
  ['serving', 'begin', 'draining'],
  ['draining', 'announced', 'holding'],
  ['draining', 'release', 'handing-over'],
  ['draining', 'empty', 'closing'],
  ['draining', 'deadline', 'closing'],
  ['holding', 'release', 'handing-over'],
  ['holding', 'empty', 'closing'],
  ['holding', 'deadline', 'closing'],
  ['handing-over', 'empty', 'closing'],
  ['handing-over', 'deadline', 'closing'],
  ['closing', 'closed', 'finished'],
];
const rows = drainPhases.flatMap((phase) =>
  drainEvents.map((event) => {
    const to = moves.find(([from, on]) => from === phase && on === event)?.[2] ?? phase;
    return [phase, event, to] as const;
  }),
);

describe('the phases of a drain', () => {
  it.each(rows)('%s, on %s: %s', (phase, event, to) => {
    expect(transition(phase, event)).toBe(to);
  });

  it('never lead back, whatever comes in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...drainEvents)), (events) => {
        let phase: DrainPhase = 'serving';
        for (const event of events) {
          const next = transition(phase, event);
          if (drainPhases.indexOf(next) < drainPhases.indexOf(phase)) return false;
          phase = next;
        }
        return true;
      }),
    );
  });

  it('reach the end by a deadline from every phase that has begun', () => {
    for (const phase of drainPhases.filter((each) => each !== 'serving'))
      expect(transition(transition(phase, 'deadline'), 'closed')).toBe('finished');
  });
});
