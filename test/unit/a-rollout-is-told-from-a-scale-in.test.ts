import { describe, expect, it } from '@jest/globals';
import { drainReason, newestRevision } from '../../src/fleet/drain-reason.js';
import { podStart } from '../../src/fleet/pod-start.js';
import { podRow } from '../support/pod-rows.js';

const NOW = 1_000_000;
const STALL = 30_000;
const self = podRow('a', { startedAtMs: 100_000, state: 'draining', readySinceMs: null });
const old = (name: string) => podRow(name, { startedAtMs: 100_000, readySinceMs: 101_000 });
const newer = (name: string, ago: number) =>
  podRow(name, { revision: 'two', startedAtMs: NOW - ago - 2_000, readySinceMs: NOW - ago });

describe('a pod that is asked to go', () => {
  it.each([
    ['a newer revision has just gained a pod', [old('b'), newer('x', 1_000)], 'rollout'],
    [
      'a newer revision is starting its first pod',
      [old('b'), podRow('x', { revision: 'two', startedAtMs: NOW - 500, readySinceMs: null, state: 'starting' })],
      'rollout',
    ],
    [
      'a rollback brings an old hash back with a new pod',
      [newer('d', 60_000), podRow('x', { revision: 'zero', startedAtMs: NOW - 4_000, readySinceMs: NOW - 1_000 })],
      'rollout',
    ],
    ['nobody else is there', [], 'scale-in'],
    ['all others are of its own revision', [old('b'), old('c')], 'scale-in'],
    [
      'its own revision has just gained a pod',
      [podRow('b', { startedAtMs: NOW - 2_000, readySinceMs: NOW - 1_000 })],
      'scale-in',
    ],
    ['a canary has been there for an hour', [old('b'), newer('x', 3_600_000)], 'scale-in'],
    ['a rollout got stuck a minute ago', [old('b'), newer('x', 60_000)], 'scale-in'],
    [
      'a new pod has been starting for a minute',
      [old('b'), podRow('x', { revision: 'two', startedAtMs: NOW - 60_000, readySinceMs: null, state: 'starting' })],
      'scale-in',
    ],
    [
      'another revision is older than it',
      [podRow('z', { revision: 'zero', startedAtMs: 50_000, readySinceMs: NOW - 1_000 })],
      'scale-in',
    ],
    [
      'the newer revision is on its way out itself',
      [old('b'), { ...newer('x', 1_000), state: 'draining' as const }],
      'scale-in',
    ],
  ])('when %s: %#', (_when, peers, reason) => {
    expect(drainReason(self, peers, NOW, STALL)).toBe(reason);
  });
});

describe('the newest revision', () => {
  it('is the one whose newest pod started last, not the one with most pods', () => {
    expect(newestRevision([old('b'), old('c'), newer('x', 1_000)])).toBe('two');
  });
  it('is nobody when all pods are draining', () => {
    expect(newestRevision([self])).toBeNull();
  });
});

describe('the start of a pod', () => {
  const crashed = podRow('a', { startedAtMs: 100_000 });
  it('is its first beat', () => {
    expect(podStart([old('b')], 'a', 'shop/baton', NOW)).toBe(NOW);
  });
  it('stays what it was when the container restarts, so that an old revision does not look new', () => {
    expect(podStart([crashed, old('b')], 'a', 'shop/baton', NOW)).toBe(100_000);
  });
  it('is not that of a namesake in another workload', () => {
    expect(podStart([{ ...crashed, workload: 'other/baton' }], 'a', 'shop/baton', NOW)).toBe(NOW);
  });
});
