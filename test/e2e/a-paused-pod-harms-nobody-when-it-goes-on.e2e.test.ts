import { expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { Traveller, upTo } from '../support/hand-over/traveller.js';
import { signToken } from '../support/load/credentials.js';
import { quickDrain } from '../support/pods/pod-environment.js';
import type { PodProcess } from '../support/pods/pod-process.js';
import { RawClient } from '../support/raw-client.js';
import { Stage } from '../support/stage/stage.js';

const CLIENTS = 10;
/** Past which a pod that didn't beat is gone: BATON_BEAT_TTL_MS of the tests. */
const FORGOTTEN_MS = 3_500;

it('a pod that is paused while it hands its clients over, and goes on when it is forgotten, harms none of them', async () => {
  const stage = await Stage.start({
    advertise: true,
    // Slow enough to be stopped half-way, and clients notice a silent pod after 2 s.
    drain: { ...quickDrain, pacePerReceiver: 4, handOverMs: 4_000, closeMs: 1_000 },
    environment: { BATON_PING_MS: '1000' },
  });
  const travellers: Traveller[] = [];
  try {
    const [old, other] = stage.deployment.serving.map(({ process }) => process);
    if (old === undefined || other === undefined) throw new Error('two pods should serve');
    const url = await urlOf(old);
    for (let number = 0; number < CLIENTS; number += 1) travellers.push(await arrive(stage, url, number));
    const deaf = await listenToNothing(stage, url);

    old.signal('SIGTERM');
    const on = (pod: PodProcess): number => travellers.filter((traveller) => traveller.pod === pod.name).length;
    await eventually('some clients to have moved', () => on(other) >= 2, { withinMs: 20_000 });
    old.signal('SIGSTOP');
    const stoppedMs = performance.now();
    expect(on(old)).toBeGreaterThan(2);
    await eventually('all clients to be on the other pod', () => on(other) === CLIENTS, { withinMs: 30_000 });
    await eventually('the pod to be forgotten', () => performance.now() - stoppedMs > FORGOTTEN_MS);
    const attempts = travellers.map(({ attempt }) => attempt);
    old.signal('SIGCONT');
    expect(await old.exited).toEqual({ code: 0, signal: null });

    for (const traveller of travellers) await traveller.hush();
    for (const traveller of travellers) {
      const { said } = traveller;
      expect(await traveller.hearsAll(`channel:of-${traveller.user}`, said)).toEqual(upTo(said));
      expect([...traveller.resets, ...traveller.failures]).toEqual([]);
    }
    expect(travellers.map(({ attempt }) => attempt)).toEqual(attempts);
    expect(on(other)).toBe(CLIENTS);
    deaf.terminate();
  } finally {
    await Promise.all(travellers.map((traveller) => traveller.leave()));
    await stage.close();
  }
});

const urlOf = async (pod: PodProcess): Promise<string> => `ws://127.0.0.1:${(await pod.listening).port}`;

/** A client that publishes all the time, so that some of it lies unread in the paused pod, and is sent again elsewhere. */
async function arrive(stage: Stage, url: string, number: number): Promise<Traveller> {
  const [tenant = ''] = stage.options.tenants;
  const user = `user-${number}`;
  const token = () => signToken(stage.secrets.signer, tenant, user);
  const traveller = new Traveller(user, { url: [url, stage.url], token });
  await traveller.follow(`channel:of-${user}`);
  traveller.talk(`channel:of-${user}`);
  return traveller;
}

/** It answers nothing and never moves: the drain must end all the same. */
async function listenToNothing(stage: Stage, url: string): Promise<RawClient> {
  const [tenant = ''] = stage.options.tenants;
  const client = await RawClient.open(`${url}/v1/connect`);
  const token = await signToken(stage.secrets.signer, tenant, 'deaf');
  client.send({ type: 'hello', attempt: 1, token, streams: {}, can: ['overlap'], hops: 0 });
  await client.next('welcome');
  client.pause();
  return client;
}
