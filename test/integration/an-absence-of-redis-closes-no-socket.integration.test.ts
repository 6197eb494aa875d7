import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { DurableRedis } from '../support/faults/durable-redis.js';
import { liveThrough, type Absence, type OutageStory } from '../support/faults/outage.js';
import { freePort } from '../support/free-port.js';
import { PodsHere } from '../support/faults/pods-here.js';
import { RedisProxy } from '../support/stage/redis-proxy.js';

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

/** Each pod has to know where it can be asked how Redis is. */
const where = async () => ({ BATON_HEALTH_PORT: String(await freePort()) });

async function tell(kind: string, absenceOf: (redis: DurableRedis) => Absence): Promise<void> {
  const redis = await DurableRedis.start();
  cleanUps.push(() => redis.stop());
  const keyPrefix = `test-${randomBytes(6).toString('hex')}:`;
  const pods = await PodsHere.install({ url: redis.url, keyPrefix });
  cleanUps.push(() => pods.close());
  await Promise.all([pods.start('a', await where()), pods.start('b', await where())]);
  stories.set(kind, await liveThrough(pods, absenceOf(redis), AWAY_MS));
}

interface CutOff {
  readonly readiness: readonly (readonly [string, number])[];
  readonly closings: readonly string[];
  readonly readyAgainAfterMs: number;
}
let cutOff: CutOff;

/** Only pod `a` loses Redis, for as long as it takes it to give up its place. */
async function cutOneOff(): Promise<CutOff> {
  const redis = await DurableRedis.start();
  cleanUps.push(() => redis.stop());
  const way = await RedisProxy.start(redis.url);
  cleanUps.push(() => way.stop());
  const pods = await PodsHere.install({ url: redis.url, keyPrefix: `test-${randomBytes(6).toString('hex')}:` });
  cleanUps.push(() => pods.close());
  await Promise.all([
    pods.start('a', { ...(await where()), BATON_REDIS_URL: way.url }),
    pods.start('b', await where()),
  ]);
  const guest = pods.guest('ann', 'a');
  await guest.follow(['channel:news']);
  const readiness = new Map<string, readonly [string, number]>();
  const look = async (pod: string): Promise<number> => {
    const status = await pods.probe(pod, '/readyz');
    readiness.set(`${pod} ${status}`, [pod, status]);
    return status;
  };
  await eventually('both to be ready', async () => (await look('a')) === 200 && (await look('b')) === 200);
  way.halfOpen();
  await eventually(
    'the pod without Redis to give up its place',
    async () => {
      await look('b');
      return (await look('a')) === 503;
    },
    { withinMs: 20_000, everyMs: 500 },
  );
  way.mend();
  const sinceMs = performance.now();
  await eventually('it to be ready again', async () => (await look('a')) === 200, { withinMs: 10_000 });
  const readyAgainAfterMs = performance.now() - sinceMs;
  const { status } = await pods.send('b', { channel: 'news' }, 'after', 'after');
  await eventually(`what was sent (${status}) to arrive`, () => guest.heard('channel:news').includes('after'));
  return { readiness: [...readiness.values()], closings: guest.closings, readyAgainAfterMs };
}

// At the same time: an absence is mostly waiting.
beforeAll(async () => {
  const told = Object.entries(kinds).map(([kind, absenceOf]) => tell(kind, absenceOf));
  [cutOff] = await Promise.all([cutOneOff(), ...told]);
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

describe('while only one of two pods has lost Redis', () => {
  it('that one gives up its place after 10 s and keeps its clients, and takes it again soon after', () => {
    expect(cutOff.readiness.toSorted()).toEqual([
      ['a', 200],
      ['a', 503],
      ['b', 200],
    ]);
    expect(cutOff.closings).toEqual([]);
    expect(cutOff.readyAgainAfterMs).toBeLessThan(10_000);
  });
});
