import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import type { PodProcess } from '../support/pods/pod-process.js';
import { Stage } from '../support/stage/stage.js';
import { Visitor } from '../support/stage/visitor.js';

// Two pods of r1 serve and one of r2 has come: r1's hold ends when r2 is complete, which it never is here.
describe('a pod that holds its clients in a rollout', () => {
  let stage: Stage;
  let newer: PodProcess;
  const visitors: Visitor[] = [];

  const visit = async (pod: PodProcess, user: string): Promise<Visitor> => {
    const { port } = await pod.listening;
    const visitor = await Visitor.arrive(stage, `ws://127.0.0.1:${port}`, user, ['session']);
    visitors.push(visitor);
    return visitor;
  };
  const holding = (pod: PodProcess) =>
    eventually('the pod to hold', () => pod.logged('drain.phase').some(({ to }) => to === 'holding'));

  beforeAll(async () => {
    stage = await Stage.start({ replicas: 2, advertise: true });
    newer = await stage.startExtraPod('r2');
  }, 60_000);
  afterAll(async () => {
    await Promise.all(visitors.map((visitor) => visitor.leave()));
    await newer.kill();
    await stage.close();
  });

  it('hands them over at the second SIGTERM and ends with 0', async () => {
    const [pod] = stage.deployment.serving;
    if (pod === undefined) throw new Error('no pod is serving');
    const visitor = await visit(pod.process, 'ann');
    pod.process.signal('SIGTERM');
    await holding(pod.process);
    expect(visitor.pod).toBe(pod.name);
    pod.process.signal('SIGTERM');
    expect(await pod.process.exited).toEqual({ code: 0, signal: null });
    expect(visitor.pod).not.toBe(pod.name);
    expect(visitor.client.state.kind).toBe('connected');
  });

  it('exits at the third SIGTERM, and its clients resume elsewhere', async () => {
    const pod = stage.deployment.serving.at(-1);
    if (pod === undefined) throw new Error('no pod is serving');
    const visitor = await visit(pod.process, 'bob');
    const { session } = visitor;
    pod.process.signal('SIGTERM');
    await holding(pod.process);
    pod.process.signal('SIGTERM');
    pod.process.signal('SIGTERM');
    expect((await pod.process.exited).signal).toBeNull();
    await eventually('the client to be elsewhere', () => visitor.pod !== null && visitor.pod !== pod.name, {
      withinMs: 20_000,
    });
    expect(visitor.session).toBe(session);
  });
});
