import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DurableRedis } from '../support/faults/durable-redis.js';
import { liveThrough, type Absence, type OutageStory } from '../support/faults/outage.js';
import { freePort } from '../support/free-port.js';
import { PodsHere } from '../support/faults/pods-here.js';

/** Longer than every deadline of 10 s in the product. BATON_TEST_REDIS_AWAY_MS says otherwise: 120000, say. */
const AWAY_MS = Number(process.env['BATON_TEST_REDIS_AWAY_MS'] ?? 25_000);

const kinds: Readonly<Record<string, (redis: DurableRedis) => Absence>> = {
  'refuses connections': (redis) => ({ begin: () => redis.kill(), end: () => redis.comeBack() }),
  'is silent and closes nothing': (redis) => ({ begin: () => redis.freeze(), end: () => redis.thaw() }),
};

const stories = new Map<string, OutageStory>();
const storyOf = (kind: string): OutageStory => {
  const story = stories.get(kind);
  if (story === undefined) throw new Error(`there was no outage in which Redis ${kind}`);
  return story;
};
const cleanUps: (() => Promise<void>)[] = [];

async function tell(kind: string, absenceOf: (redis: DurableRedis) => Absence): Promise<void> {
  const redis = await DurableRedis.start();
  cleanUps.push(() => redis.stop());
  const keyPrefix = `test-${randomBytes(6).toString('hex')}:`;
  const pods = await PodsHere.install({ url: redis.url, keyPrefix });
  cleanUps.push(() => pods.close());
  // Each has to know where it can be asked how Redis is.
  const where = async () => ({ BATON_HEALTH_PORT: String(await freePort()) });
  await Promise.all([pods.start('a', await where()), pods.start('b', await where())]);
  stories.set(kind, await liveThrough(pods, absenceOf(redis), AWAY_MS));
}

// At the same time: an absence is mostly waiting.
beforeAll(async () => {
  await Promise.all(Object.entries(kinds).map(([kind, absenceOf]) => tell(kind, absenceOf)));
}, AWAY_MS + 60_000);
afterAll(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

describe.each(Object.keys(kinds))('while Redis %s, on two pods', (kind) => {
  it('no socket that was open is closed', () => {
    expect(storyOf(kind).closings).toEqual([]);
  });
  it('nothing is acknowledged', () => {
    expect(storyOf(kind).acknowledgedMeanwhile).toEqual([]);
  });
  it('newcomers are told `busy`, also one in the middle of its `hello`', () => {
    const { newcomers, midHello } = storyOf(kind);
    expect(newcomers.length).toBeGreaterThan(AWAY_MS / 5_000);
    expect(new Set([midHello, ...newcomers])).toEqual(new Set(['busy 1013']));
  });
  it('a subscribe is answered `unavailable`, for now, and its connection stays', () => {
    const { midSubscribe } = storyOf(kind);
    expect(midSubscribe[0]).toMatchObject({ type: 'error', stream: 'channel:late', code: 'unavailable' });
    expect(midSubscribe[0]).toHaveProperty('retryAfterMs');
  });
  it('liveness and readiness stay: no other pod is better off', () => {
    expect(storyOf(kind).probes).toEqual(['a /livez 200', 'a /readyz 200', 'b /livez 200', 'b /readyz 200']);
  });
  it('everything is normal within 10 s after, each message there once and in order', () => {
    const { normalAfterMs, heard, said } = storyOf(kind);
    process.stdout.write(`Redis ${kind}: ${JSON.stringify(normalAfterMs)}\n`);
    expect(Object.values(normalAfterMs).filter((ms) => typeof ms === 'string')).toEqual([]);
    for (const received of Object.values(heard)) {
      const own = received.filter((text) => /^"(before|meanwhile)/.test(JSON.stringify(text)));
      expect(own).toEqual(['before 1', 'before 2', 'before 3', 'meanwhile 1', 'meanwhile 2', 'meanwhile 3']);
      expect(received.toSorted()).toEqual([...said].toSorted());
    }
  });
});
