import { describe, expect, it } from '@jest/globals';
import { nextStep, type PodStatus } from '../support/pods/deployment-plan.js';

const pod = (name: string, state: 'starting' | 'ready' | 'terminating'): PodStatus => ({
  name,
  revision: name.charAt(0),
  ready: state !== 'starting',
  terminating: state === 'terminating',
});
const ready = (...names: readonly string[]) => names.map((name) => pod(name, 'ready'));

describe('a Deployment with surge 1 and unavailable 0', () => {
  it('creates one pod more than wanted, and waits until it is ready', () => {
    expect(nextStep(ready('a1', 'a2'), 'b', 2)).toEqual({ kind: 'create' });
    expect(nextStep([...ready('a1', 'a2'), pod('b1', 'starting')], 'b', 2)).toEqual({ kind: 'wait' });
  });

  it('terminates an old pod for each new one that is ready', () => {
    expect(nextStep(ready('a1', 'a2', 'b1'), 'b', 2)).toEqual({ kind: 'terminate', pod: 'a1' });
  });

  it('does not wait for terminating pods', () => {
    expect(nextStep([pod('a1', 'terminating'), ...ready('a2', 'b1')], 'b', 2)).toEqual({ kind: 'create' });
    expect(nextStep([pod('a1', 'terminating'), pod('a2', 'terminating'), ...ready('b1', 'b2')], 'b', 2)).toEqual({
      kind: 'done',
    });
  });

  it('rolls back from half-way: keeps old pods that still serve, replaces the new ones', () => {
    const halfWay = [pod('a1', 'terminating'), ...ready('a2', 'b1'), pod('b2', 'starting')];
    expect(nextStep(halfWay, 'a', 2)).toEqual({ kind: 'terminate', pod: 'b2' });
    expect(nextStep(halfWay.slice(0, 3), 'a', 2)).toEqual({ kind: 'create' });
    expect(nextStep([...ready('a2', 'b1', 'a3')], 'a', 2)).toEqual({ kind: 'terminate', pod: 'b1' });
  });

  it('takes surplus pods at once when fewer are wanted, in a rollout the old ones first', () => {
    expect(nextStep(ready('a1', 'a2', 'a3'), 'a', 2)).toEqual({ kind: 'terminate', pod: 'a3' });
    expect(nextStep([...ready('a1', 'a2'), pod('a3', 'starting')], 'a', 2)).toEqual({ kind: 'terminate', pod: 'a3' });
    expect(nextStep(ready('a1', 'a2', 'b1'), 'b', 1)).toEqual({ kind: 'terminate', pod: 'a1' });
    expect(nextStep(ready('a2', 'b1'), 'b', 1)).toEqual({ kind: 'terminate', pod: 'a2' });
  });

  it('replaces a pod that has died', () => {
    expect(nextStep(ready('a1'), 'a', 2)).toEqual({ kind: 'create' });
  });
});
