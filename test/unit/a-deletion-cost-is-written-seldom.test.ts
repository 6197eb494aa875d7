import { describe, expect, it } from '@jest/globals';
import { ApiError } from '../../src/kubernetes/api-error.js';
import type { ApiCall } from '../../src/kubernetes/api-server.js';
import { Complaints } from '../../src/kubernetes/complaints.js';
import { DeletionCost, deletionCost } from '../../src/kubernetes/deletion-cost.js';
import { OwnPod } from '../../src/kubernetes/own-pod.js';
import { ManualClock } from '../support/manual-clock.js';
import { silentLogger } from '../support/silent-logger.js';

const COST = 'controller.kubernetes.io/pod-deletion-cost';

/** A pod as the API server keeps it, with what was written to it. */
function world(annotations: Record<string, string> = {}) {
  const clock = new ManualClock();
  const costs: string[] = [];
  const state = { connections: 0, refuses: false };
  const call = async ({ method, body }: ApiCall): Promise<unknown> => {
    if (state.refuses) throw new ApiError(403, 'forbidden');
    if (method === 'PATCH') {
      const patch = body as { readonly metadata: { readonly annotations: Record<string, string> } };
      Object.assign(annotations, patch.metadata.annotations);
      costs.push(patch.metadata.annotations[COST] ?? '');
    }
    return { metadata: { uid: 'uid', annotations } };
  };
  const pod = new OwnPod({ namespace: 'shop', name: 'baton-1' }, { call }, new Complaints(silentLogger));
  const cost = new DeletionCost({ pod, connections: () => state.connections, clock, logger: silentLogger }, () => 0.5);
  cost.start();
  return { clock, costs, state, cost, annotations };
}

describe('the deletion cost', () => {
  it.each([
    [0, 0],
    [1, 1],
    [3, 2],
    [4, 4],
    [1_000, 512],
    [1_023, 512],
    [1_024, 1_024],
  ])('of %d connections is %d', (connections, cost) => {
    expect(deletionCost(connections)).toBe(cost);
  });

  it('is written at most once a minute, and only when it is another', async () => {
    const { clock, costs, state } = world();
    for (let second = 0; second < 600; second += 1) {
      state.connections = 1_000 + (second < 300 ? second % 20 : 2_000);
      await clock.run(1_000, 1_000);
    }
    expect(costs).toEqual(['512', '2048']);
    for (let minute = 0; minute < 10; minute += 1) {
      state.connections = 2 ** minute;
      await clock.run(60_000, 1_000);
    }
    expect(costs.length).toBeLessThanOrEqual(2 + 10);
  });

  it("is somebody else's if it was there before", async () => {
    const { clock, costs, annotations } = world({ [COST]: '-5' });
    await clock.run(600_000, 1_000);
    expect([costs, annotations[COST], clock.timers]).toEqual([[], '-5', 0]);
  });

  it('is taken up by the next process of the pod', async () => {
    const { clock, costs, state } = world({ [COST]: '64', 'baton/pod-deletion-cost': '64' });
    state.connections = 9;
    await clock.run(100_000, 1_000);
    expect(costs).toEqual(['8']);
  });

  it('is tried again after a refusal, at the same pace', async () => {
    const { clock, costs, state } = world();
    state.refuses = true;
    await clock.run(200_000, 1_000);
    state.refuses = false;
    await clock.run(100_000, 1_000);
    expect(costs).toEqual(['0']);
  });

  it('of a pod that is going is left alone', async () => {
    const { clock, costs, cost } = world();
    cost.stop();
    await clock.run(200_000, 1_000);
    expect([costs, clock.timers]).toEqual([[], 0]);
  });
});
