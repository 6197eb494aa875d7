import { describe, expect, it } from '@jest/globals';
import { holdDecision, type HoldView } from '../../src/draining/hold-decision.js';
import type { PodRow } from '../../src/fleet/fleet.js';
import { receivers } from '../../src/fleet/peer-choice.js';
import { podRow } from '../support/pod-rows.js';

const NOW = 1_000_000;
const limits = { holdMs: 90_000, holdStallMs: 30_000 };
const old = (name: string, state: PodRow['state']) => podRow(name, { startedAtMs: 100_000, state });
const fresh = (name: string, readyForMs = 5_000) =>
  podRow(name, { revision: 'two', startedAtMs: NOW - 20_000, readySinceMs: NOW - readyForMs });

function view(peers: readonly PodRow[], said: Partial<HoldView> = {}): HoldView {
  return {
    reason: 'rollout',
    self: old('a', 'draining'),
    peers,
    receivers: receivers(peers, { nowMs: NOW, peerReadyMs: 3_000, protocols: ['baton.v1'] }),
    redisAway: false,
    nowMs: NOW,
    beganAtMs: NOW - 10_000,
    wanted: null,
    elapsedMs: 10_000,
    ...said,
  };
}

const threeOfThree = [old('b', 'draining'), old('c', 'draining'), fresh('x'), fresh('y'), fresh('z')];

describe('a pod of a rollout holds its clients', () => {
  it.each([
    [
      'while an old pod is still serving',
      view([old('b', 'draining'), old('c', 'serving'), fresh('x'), fresh('y'), fresh('z')]),
    ],
    [
      'while the new revision has fewer pods than are leaving',
      view([old('b', 'draining'), old('c', 'draining'), fresh('x'), fresh('y')]),
    ],
    [
      'while the last new pod has been ready for too short a time',
      view([...threeOfThree.slice(0, 4), fresh('z', 500)]),
    ],
    [
      'while the rows of the new pods are missing: they were too busy to beat',
      view([old('b', 'serving'), old('c', 'serving')]),
    ],
    [
      'while a revision between the oldest and the newest is serving',
      view([...threeOfThree, podRow('m', { revision: 'one-and-a-half', startedAtMs: NOW - 60_000 })]),
    ],
  ])('%s', (_when, seen) => {
    expect(holdDecision(seen, limits)).toEqual({ hold: true, why: 'rollout-under-way' });
  });
});

describe('a pod hands over', () => {
  it.each([
    ['when the new revision is complete', view(threeOfThree), 'rollout-complete'],
    ['when it was the only pod and its successor is ready', view([fresh('x')]), 'rollout-complete'],
    [
      'when its own revision came back with new pods',
      view([
        podRow('c', { startedAtMs: 100_000 }),
        podRow('f', { startedAtMs: NOW - 9_000 }),
        old('b', 'draining'),
        { ...fresh('x'), state: 'draining' },
      ]),
      'rollout-complete',
    ],
    [
      'when the new revision has gained no pod for 30 s',
      view([old('b', 'serving'), fresh('x', 31_000)], { beganAtMs: NOW - 31_000, elapsedMs: 31_000 }),
      'rollout-stalled',
    ],
    ['when the hold budget is spent', view([old('b', 'serving'), fresh('x')], { elapsedMs: 90_000 }), 'budget-spent'],
    ['when it is no rollout', view([old('b', 'serving')], { reason: 'scale-in' }), 'no-rollout'],
  ])('%s', (_when, seen, why) => {
    expect(holdDecision(seen, limits)).toEqual({ hold: false, why });
  });

  it('not as stalled before the stall has lasted 30 s since the drain began', () => {
    const seen = view([old('b', 'serving'), fresh('x', 31_000)], { beganAtMs: NOW - 29_000, elapsedMs: 29_000 });
    expect(holdDecision(seen, limits).hold).toBe(true);
  });
});

describe('a pod that was just told to go', () => {
  it('looks round for a beat: others may have been told at the same moment', () => {
    const told = { reason: 'scale-in', elapsedMs: 2_400 } as const;
    expect(holdDecision(view([old('b', 'serving')], told), limits)).toEqual({ hold: true, why: 'looking-round' });
    expect(holdDecision(view([old('b', 'serving')], told), { ...limits, holdMs: 2_000 }).hold).toBe(false);
  });
});

describe('whatever the reason and the hold budget, clients stay', () => {
  const spent = { elapsedMs: 120_000, reason: 'scale-in' } as const;
  it.each([
    ['while there is no other pod', view([], spent), 'no-receiver'],
    ['while all others are draining', view([old('b', 'draining')], spent), 'no-receiver'],
    ['while Redis is away', view(threeOfThree, { ...spent, redisAway: true }), 'redis-away'],
  ])('%s', (_when, seen, why) => {
    expect(holdDecision(seen, limits)).toEqual({ hold: true, why });
  });
});
