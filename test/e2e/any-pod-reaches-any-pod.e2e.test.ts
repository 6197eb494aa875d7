import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import type { DeployedPod } from '../support/pods/deployment.js';
import { Stage } from '../support/stage/stage.js';
import { sendTo, Visitor } from '../support/stage/visitor.js';

const streams = ['session', 'user', 'tenant', 'channel:lobby'] as const;

describe('any pod', () => {
  let stage: Stage;
  let pods: readonly DeployedPod[];
  let visitors: readonly Visitor[];
  const portOf = (pod: DeployedPod | undefined) => String(pod?.ports?.port);

  beforeAll(async () => {
    stage = await Stage.start({ replicas: 2 });
    pods = stage.deployment.serving;
    const arrive = (pod: DeployedPod) =>
      Visitor.arrive(stage, `ws://127.0.0.1:${portOf(pod)}`, `user-at-${pod.name}`, streams);
    visitors = await Promise.all(pods.map(arrive));
  }, 60_000);
  afterAll(async () => {
    await Promise.all(visitors.map((visitor) => visitor.leave()));
    await stage.close();
  });

  it('takes a send and reaches a session, user, channel or tenant on every pod', async () => {
    for (const entry of pods) {
      for (const [n, visitor] of visitors.entries()) {
        const targets = [
          { session: visitor.session },
          { user: `user-at-${String(pods[n]?.name)}` },
          { channel: 'lobby' },
          { tenant: true },
        ];
        for (const [index, to] of targets.entries()) {
          const data = `${streams[index] ?? ''} by ${entry.name} for ${String(n)}`;
          expect(await sendTo(stage, `http://127.0.0.1:${portOf(entry)}`, to, data)).toMatchObject({ status: 201 });
          const hasIt = () => visitor.received.some((message) => message.data === data);
          await eventually(`${data} to arrive`, hasIt);
        }
      }
    }
  });

  it('takes a publish and reaches a subscriber on every pod', async () => {
    for (const [n, publisher] of visitors.entries()) {
      const data = `published by ${String(n)}`;
      await publisher.client.publish('channel:lobby', data);
      for (const visitor of visitors) {
        await eventually(`${data} to arrive`, () => visitor.received.some((message) => message.data === data));
      }
    }
  });

  it('lets an idle client resume after a crash, and it has missed nothing', async () => {
    const [pod] = pods;
    const [idle] = visitors;
    if (pod === undefined || idle === undefined) throw new Error('a pod and its visitor are needed');
    const before = idle.session;
    await pod.process.kill();
    const sent = await eventually(
      'another pod to take a send',
      async () => (await sendTo(stage, stage.apiUrl, { session: before }, 'while you were away')).status,
    );
    expect(sent).toBe(201);
    await eventually('the missed message to arrive', () => idle.received.at(-1)?.data === 'while you were away', {
      withinMs: 20_000,
    });
    expect(idle.session).toBe(before);
    expect(idle.resets).toEqual([]);
  });
});
