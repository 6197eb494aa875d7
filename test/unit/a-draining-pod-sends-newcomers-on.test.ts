import { describe, expect, it } from '@jest/globals';
import { DrainAdmission } from '../../src/draining/drain-admission.js';
import { endpointsOf } from '../../src/draining/hand-over.js';
import type { PodRow } from '../../src/fleet/fleet.js';
import { podRow } from '../support/pod-rows.js';

interface Situation {
  readonly draining?: boolean;
  readonly untilClosingMs?: number;
  readonly stale?: boolean;
  readonly connections?: number;
  readonly receivers?: readonly PodRow[];
  readonly full?: boolean;
}

const withUrl = podRow('x', { url: 'wss://x.example.com' });

function answer(hops: number, situation: Situation) {
  const {
    draining = true,
    untilClosingMs = 60_000,
    stale = false,
    connections = 50,
    receivers = [withUrl],
  } = situation;
  const peers = { receivers: () => receivers, pick: () => (situation.full ? [] : receivers.slice(0, 1)) };
  const registry = { size: connections, unclaimed: 0, welcomed: () => [], closeUnclaimed: () => undefined };
  const drain = { isDraining: draining, untilClosingMs: draining ? untilClosingMs : Infinity };
  return new DrainAdmission(drain, { fleet: { stale }, peers, connections: registry }, 100, () => 0.5).admit(hops);
}

const take = { kind: 'take' };
const busy = { kind: 'busy', retryAfterMs: 1_000 };
const elsewhere = { kind: 'elsewhere', reason: 'drain', endpoints: ['wss://x.example.com'] };

describe('a newcomer', () => {
  it.each([
    ['is taken by a serving pod', 0, { draining: false }, take],
    ['is taken by a serving pod after any number of hops', 2, { draining: false }, take],
    ['is the last that a serving pod has room for', 0, { draining: false, connections: 100 }, take],
    ['comes later if a serving pod has no room', 0, { draining: false, connections: 101 }, busy],
    ['comes later if the pod has lost Redis', 0, { draining: false, stale: true }, busy],
    ['is sent to a receiver by a draining pod', 0, {}, elsewhere],
    ['is sent on once more', 1, {}, elsewhere],
    ['comes later after two hops', 2, {}, busy],
    [
      'is sent back to the shared URL if the receiver has none of its own',
      0,
      { receivers: [podRow('x')] },
      { ...elsewhere, endpoints: [] },
    ],
    ['comes later if all receivers are full', 0, { full: true }, busy],
    ['comes later if the draining pod has lost Redis', 0, { stale: true }, busy],
    ['comes later if the draining pod is closing', 0, { untilClosingMs: 0 }, busy],
    ['is taken by the only pod, although it drains', 0, { receivers: [] }, take],
    ['is taken by the only pod after two hops', 2, { receivers: [] }, take],
    ['comes later if the only pod has no room', 0, { receivers: [], connections: 101 }, busy],
    ['comes later if the only pod closes in a moment', 0, { receivers: [], untilClosingMs: 4_999 }, busy],
  ])('%s', (_what, hops, situation: Situation, expected) => {
    expect(answer(hops, situation)).toEqual(expected);
  });
});

describe('the endpoints that a client is told', () => {
  it('are the URL of the receiver, or none', () => {
    expect(endpointsOf(withUrl)).toEqual(['wss://x.example.com']);
    expect(endpointsOf(podRow('y'))).toEqual([]);
    expect(endpointsOf(undefined)).toEqual([]);
  });
});
