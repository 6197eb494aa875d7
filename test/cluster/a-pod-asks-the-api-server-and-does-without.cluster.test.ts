import { expect } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { complaintsOf } from '../support/judge/summary.js';
import { forbidPodsToAsk, letPodsAsk } from '../support/kubernetes/api-access.js';
import { itWithCluster } from '../support/kubernetes/cluster-here.js';
import { ClusterStage } from '../support/kubernetes/cluster-stage.js';
import { type TestNamespace, withNamespace } from '../support/kubernetes/namespace.js';
import { Crowd } from '../support/stage/crowd.js';

const clients = 20;
const namespace = withNamespace('api');

/** Deletes it, and waits until it is gone. */
async function remove(stage: ClusterStage, pod: string, graceSeconds: number): Promise<void> {
  const grace = `--grace-period=${graceSeconds}`;
  await stage.namespace.kubectl(['delete', 'pod', pod, grace, '--timeout=60s'], { deadlineMs: 70_000 });
  await eventually('the watch to see it go', () => historyOf(stage, pod)?.goneAtMs);
}

const historyOf = ({ watch }: ClusterStage, pod: string) => watch.pods().find(({ name }) => name === pod);
const alive = ({ watch }: ClusterStage) =>
  watch.pods().filter(({ readyAtMs, terminatingAtMs }) => readyAtMs !== undefined && terminatingAtMs === undefined);

/** The line of a pod's log with this event. */
const line = (stage: ClusterStage, pod: string, event: string) =>
  eventually(`${event} of ${pod}`, () => stage.logOf(pod).find((entry) => entry['event'] === event));

async function eventsOn(here: TestNamespace, pod: string) {
  const selector = `involvedObject.name=${pod},source=baton`;
  const list = JSON.parse(await here.kubectl(['get', 'events', '-o=json', `--field-selector=${selector}`])) as {
    readonly items: readonly { readonly reason: string; readonly involvedObject: { readonly uid?: string } }[];
  };
  return list.items;
}

async function threePodsThatAsk(stage: ClusterStage): Promise<readonly string[]> {
  await letPodsAsk(stage.namespace, 'docs/kubernetes.md');
  await stage.namespace.kubectl(['scale', 'deployment/baton', '--replicas=3']);
  await stage.namespace.kubectl(['rollout', 'status', 'deployment/baton', '--timeout=60s'], { deadlineMs: 70_000 });
  return eventually('three pods', () => alive(stage).length === 3 && alive(stage).map(({ name }) => name));
}

itWithCluster(
  'a pod sees its endpoints, grace and Deployment with a Role, and drains as well without one',
  async () => {
    const stage = await ClusterStage.install(namespace(), 'a-pod-asks', { clientsPerTenant: clients, replicas: 0 });
    try {
      const [first = '', second = ''] = await threePodsThatAsk(stage);
      const crowd = await Crowd.arrive(stage);
      try {
        // The Deployment has 150 s, and wants three.
        await remove(stage, first, 45);
        expect(await line(stage, first, 'kubernetes.drain-began')).toMatchObject({ endpoints: expect.any(Number) });
        expect(await line(stage, first, 'kubernetes.drain-known')).toMatchObject({ graceMs: 45_000, wanted: 3 });
        expect(
          stage.logOf(first).filter(({ event }) => /^kubernetes\.(forbidden|failed)$/.test(String(event))),
        ).toEqual([]);
        const events = await eventsOn(stage.namespace, first);
        expect(events.map(({ reason }) => reason).sort()).toEqual(['DrainFinished', 'DrainStarted']);
        expect(events.every(({ involvedObject }) => (involvedObject.uid ?? '') !== '')).toBe(true);

        await forbidPodsToAsk(stage.namespace);
        await remove(stage, second, 45);
        expect(await line(stage, second, 'kubernetes.forbidden')).toMatchObject({ verb: 'get' });
        expect(await eventsOn(stage.namespace, second)).toEqual([]);
        await eventually('its successor to be ready without a Role', () => alive(stage).length === 3, {
          withinMs: 30_000,
        });

        for (const pod of [first, second]) {
          expect(await line(stage, pod, 'drain.finished')).toMatchObject({ reason: 'scale-in', forced: 0 });
          expect(historyOf(stage, pod)).toMatchObject({ exitCode: 0, restarts: 0 });
        }
        const { whole } = await crowd.judgement(20_000);
        expect(complaintsOf(whole)).toEqual([]);
        expect(whole.clients).toBe(clients);
      } finally {
        await crowd.leave();
      }
    } catch (error) {
      await stage.reportFailure();
      throw error;
    } finally {
      await stage.close();
    }
  },
);
