import { expect } from '@jest/globals';
import { ClusterStage } from '../support/kubernetes/cluster-stage.js';
import { itWithCluster } from '../support/kubernetes/cluster-here.js';
import { withNamespace } from '../support/kubernetes/namespace.js';
import { describePods, restart, type Rollout } from '../support/kubernetes/rollout.js';
import { complaintsOf, summaryOf } from '../support/judge/summary.js';
import { count, type Verdict } from '../support/judge/verdict.js';
import { Crowd } from '../support/stage/crowd.js';

const clients = 50;
const namespace = withNamespace('rollout');

itWithCluster('a rollout under a kubelet loses no message and moves each client once', async () => {
  const stage = await ClusterStage.install(namespace(), 'a-rollout-under-a-kubelet', { clientsPerTenant: clients });
  try {
    const crowd = await Crowd.arrive(stage);
    try {
      const rollout = await restart(namespace(), 'baton', stage.watch, 240_000);
      const { whole } = await crowd.judgement(20_000);
      process.stderr.write(report(rollout, whole));
      expectThePromise(rollout, whole);
    } finally {
      await crowd.leave();
    }
  } catch (error) {
    await stage.reportFailure();
    throw error;
  } finally {
    await stage.close();
  }
});

function expectThePromise({ before, after }: Rollout, verdict: Verdict): void {
  expect(complaintsOf(verdict)).toEqual([]);
  expect({
    lost: count(verdict, 'LOST'),
    repeated: count(verdict, 'REPEATED'),
    reordered: count(verdict, 'REORDERED'),
    resets: verdict.resets,
    lostByRedis: verdict.lostByRedis,
    clients: verdict.clients,
    movesPerClient: verdict.moves,
    gapP50Ms: verdict.gapMs.p50,
  }).toEqual({
    lost: 0,
    repeated: 0,
    reordered: 0,
    resets: 0,
    lostByRedis: 0,
    clients,
    movesPerClient: { mean: 1, max: 1 },
    gapP50Ms: 0,
  });
  expect(verdict.gapMs.p99).toBeLessThanOrEqual(50);
  expect(verdict.delayMs.longest).toBeLessThanOrEqual(1000);
  // Else the crowd was too quiet for the figures above to mean anything.
  expect(verdict.deliveries).toBeGreaterThan(5000);
  expect(before.map(({ exitCode, restarts }) => ({ exitCode, restarts }))).toEqual(
    before.map(() => ({ exitCode: 0, restarts: 0 })),
  );
  expect({ before: before.length, after: after.length }).toEqual({ before: 3, after: 3 });
}

function report({ before, after, startedMs, tookMs }: Rollout, verdict: Verdict): string {
  const took = `kubectl rollout restart, 3 pods, until the last old one was gone: ${(tookMs / 1000).toFixed(1)} s`;
  return `${took}\n${describePods([...before, ...after], startedMs)}\n${summaryOf(verdict)}\n`;
}
