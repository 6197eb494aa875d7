import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PodRow } from '../../src/fleet/fleet.js';
import { FairTurns } from '../../src/fleet/fair-turns.js';
import { candidates, receivers, shares } from '../../src/fleet/peer-choice.js';
import { SentClients } from '../../src/fleet/sent-clients.js';
import { asPodId } from '../../src/protocol/ids.js';
import { podRow } from '../support/pod-rows.js';

const rules = { nowMs: 10_000, peerReadyMs: 3_000, protocols: ['baton.v1'] };
const connections = (row: PodRow) => row.connections;

describe('a receiver', () => {
  it.each([
    ['serves and has been ready for 3 s', podRow('x', { readySinceMs: 7_000 }), true],
    ['speaks one of our protocols among others', podRow('x', { protocols: ['baton.v2', 'baton.v1'] }), true],
    ['became ready a moment ago', podRow('x', { readySinceMs: 7_001 }), false],
    ['is starting', podRow('x', { state: 'starting', readySinceMs: null }), false],
    ['is draining', podRow('x', { state: 'draining' }), false],
    ['speaks only another protocol', podRow('x', { protocols: ['baton.v2'] }), false],
  ])('%s: %s', (_what, row, is) => {
    expect(receivers([row], rules)).toHaveLength(is ? 1 : 0);
  });
});

describe('the next clients go', () => {
  const names = (rows: readonly PodRow[]) => candidates(rows, connections).map((row) => row.name);
  const old = (name: string, count: number) => podRow(name, { connections: count });
  const newest = (name: string, count: number) =>
    podRow(name, { revision: 'two', startedAtMs: 5_000, connections: count });

  it('nowhere when nobody is there, or all are full', () => {
    expect(names([])).toEqual([]);
    expect(names([podRow('x', { connections: 10, capacity: 10 })])).toEqual([]);
  });
  it('to pods with room', () => {
    expect(names([podRow('full', { connections: 10, capacity: 10 }), old('x', 99)])).toEqual(['x']);
  });
  it('to the newest revision first', () => {
    expect(names([old('x', 0), old('y', 0), newest('n', 0)])).toEqual(['n']);
  });
  it('to the newest revision up to 1.3 times the mean, and then to all', () => {
    expect(names([old('x', 100), old('y', 100), newest('n', 150)])).toEqual(['n']);
    expect(names([old('x', 100), old('y', 100), newest('n', 200)])).toEqual(['x', 'y', 'n']);
  });
});

describe('what each pod should get', () => {
  it.each([
    ['the same of all, when all are level', [5, 5, 5, 5], 8, [0.25, 0.25, 0.25, 0.25]],
    ['more for those that have less', [10, 0], 20, [0.25, 0.75]],
    ['nothing for those that stay above the rest', [100, 0, 10], 20, [0, 0.75, 0.25]],
    ['everything for the only one', [7], 3, [1]],
    ['nothing without pods', [], 3, []],
  ])('is %s', (_what, loads, toCome, parts) => {
    expect(shares(loads, toCome)).toEqual(parts);
  });

  it('makes all level that get anything, whatever they have', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { minLength: 1 }), fc.integer({ min: 1, max: 5_000 }), (loads, toCome) => {
        const parts = shares(loads, toCome);
        const after = loads.map((load, index) => load + (parts[index] ?? 0) * toCome);
        expect(parts.reduce((sum, part) => sum + part)).toBeCloseTo(1);
        const level = Math.min(...after);
        after.forEach((each, index) => {
          if ((parts[index] ?? 0) > 0) expect(each).toBeCloseTo(level);
        });
      }),
    );
  });
});

describe('turns by weight', () => {
  const weights = new Map([
    ['x', 0.5],
    ['y', 0.25],
    ['z', 0.25],
  ]);
  const turns = (start: number, count: number) => {
    const fair = new FairTurns<string>(start);
    return Array.from({ length: count }, () => fair.next(weights));
  };

  it('are as many as the weights say, in every stretch of a round', () => {
    const taken = turns(0, 400);
    for (let from = 0; from < 400; from += 4) {
      const round = taken.slice(from, from + 4);
      expect(round.filter((each) => each === 'x')).toHaveLength(2);
    }
    expect(taken.filter((each) => each === 'y')).toHaveLength(100);
  });
  it('begin elsewhere for each taker, so that ten takers of one turn reach ten pods', () => {
    const even = new Map(Array.from({ length: 10 }, (_, index) => [`p${index}`, 0.1]));
    const first = Array.from({ length: 10 }, (_, rank) => new FairTurns<string>(rank / 10).next(even));
    expect(new Set(first).size).toBe(10);
  });
  it('are nobody without weights', () => {
    expect(new FairTurns<string>(0).next(new Map())).toBeNull();
  });
});

describe('clients sent off', () => {
  it('count until the row of their receiver is newer', () => {
    const sent = new SentClients();
    const pod = asPodId('x');
    sent.note(pod, 2, 1_000);
    sent.note(pod, 3, 2_000);
    expect(sent.since(pod, 500)).toBe(5);
    expect(sent.since(pod, 1_500)).toBe(3);
    expect(sent.since(pod, 2_500)).toBe(0);
    expect(sent.since(asPodId('y'), 0)).toBe(0);
  });
});
