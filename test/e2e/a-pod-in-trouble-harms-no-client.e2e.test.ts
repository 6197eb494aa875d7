import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { SickPod, troubles } from '../support/faults/sick-pod.js';
import { everything, keepTalking } from '../support/faults/traffic.js';
import { quickDrain } from '../support/pods/pod-environment.js';
import { probe } from '../support/pods/pod-process.js';
import { Stage } from '../support/stage/stage.js';

const whole = { acknowledged: everything, published: everything, sent: everything };
/** So short that it is over before a test is. */
const drain = { ...quickDrain, graceMs: 12_000, holdMs: 1_000, handOverMs: 2_000, closeMs: 1_000, reserveMs: 3_000 };

let stage: Stage;
const pods: SickPod[] = [];
const start = async (): Promise<SickPod> => {
  const pod = await SickPod.start(stage);
  pods.push(pod);
  return pod;
};
beforeAll(async () => {
  stage = await Stage.start({ replicas: 1, redis: 'durable', drain });
}, 60_000);
afterAll(async () => {
  for (const pod of pods) await pod.end();
  await stage.close();
});

describe('a pod whose event loop is blocked', () => {
  it.each([
    ['0.5 s', troubles.blocksShortly],
    ['5 s, for which the others take it for gone', troubles.blocksFor5s],
  ])('for %s closes no connection and goes on where it was', async (_time, signal) => {
    const pod = await start();
    const story = await keepTalking(pod, () => pod.process.signal(signal));
    expect(story).toMatchObject({ ...whole, harm: [] });
    expect(pod.process.logged('redis.lost')).toEqual([]);
  });
});

describe('a pod in which a rejection is not handled', () => {
  it('says so, ends with 1, and its clients go on at another', async () => {
    const pod = await start();
    const story = await keepTalking(pod, () => pod.process.signal(troubles.rejects));
    expect(await pod.process.exited).toEqual({ code: 1, signal: null });
    expect(pod.process.logged('process.failed')).toMatchObject([
      { level: 'error', origin: 'unhandledRejection', error: { message: 'nobody handles this' } },
    ]);
    expect(story).toMatchObject(whole);
    expect(story.harm.length).toBeGreaterThan(0);
  });
});

describe('a pod that is told to end while Redis is away', () => {
  it('keeps its clients until the end of its drain, closes them with 1012, and ends with 0 in time', async () => {
    const pod = await start();
    const guest = pod.guest('eve');
    await guest.follow(['session']);
    const { session } = guest;
    stage.durableRedis.freeze();
    try {
      const sinceMs = performance.now();
      pod.process.signal('SIGTERM');
      const { healthPort } = await pod.process.listening;
      await eventually('readiness to go', async () => (await probe(healthPort, '/readyz')) === 503);
      expect(await probe(healthPort, '/livez')).toBe(200);
      expect(guest.closings).toEqual([]);
      expect(await pod.process.exited).toEqual({ code: 0, signal: null });
      expect(performance.now() - sinceMs).toBeLessThan(drain.graceMs);
      expect(guest.closings[0]).toMatch(/^1012 /);
    } finally {
      stage.durableRedis.thaw();
    }
    await eventually('the client to have resumed', () => guest.client.state.kind === 'connected', { withinMs: 20_000 });
    expect(guest.session).toBe(session);
  });
});
