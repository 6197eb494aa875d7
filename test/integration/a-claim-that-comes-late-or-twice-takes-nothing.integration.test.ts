import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { FLEET, type Fleet } from '../../src/fleet/fleet.js';
import { asSessionId, asTenantId } from '../../src/protocol/ids.js';
import { RedisKeys } from '../../src/redis/keys.js';
import { eventually } from '../support/eventually.js';
import { GatedPods, holdersOf, rowOf, TENANT, type GatedPod } from '../support/hand-over/gated-pods.js';
import { RawClient } from '../support/raw-client.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
const clients: RawClient[] = [];
let keys: RedisKeys;
let pods: GatedPods;
let a: GatedPod;
let b: GatedPod;
let c: GatedPod;

beforeAll(async () => {
  const keyPrefix = redis.keyPrefix();
  keys = new RedisKeys(keyPrefix);
  pods = await GatedPods.install({ url: redis.url, keyPrefix });
  const quick = { BATON_REDIS_COMMAND_TIMEOUT_MS: '1000' };
  [a, b, c] = await Promise.all([pods.start('a', quick), pods.start('b', quick), pods.start('c', quick)]);
});
afterAll(async () => {
  for (const client of clients) client.terminate();
  await pods.close();
});

const shared = { streams: {}, can: ['overlap'], hops: 0 };

async function say(pod: GatedPod, hello: object): Promise<RawClient> {
  const client = await RawClient.open(`${pod.clients.url}/v1/connect`);
  clients.push(client);
  client.send({ type: 'hello', ...shared, ...hello });
  return client;
}
/** A client at pod a, and what it needs to come back. */
async function join(): Promise<{ readonly client: RawClient; readonly session: string; readonly resume: string }> {
  const client = await say(a, { attempt: 1, token: await pods.token('ada') });
  const { session, resume } = await client.next('welcome');
  return { client, session, resume };
}
/** `welcome`, or the close code and reason. */
const fateOf = (client: RawClient): Promise<string> =>
  eventually('an answer to `hello`', () =>
    client.closed
      ? `${client.closed.code} ${client.closed.reason}`.trim()
      : client.of('welcome').length > 0 && 'welcome',
  );

const isStale = ({ pod }: GatedPod): boolean => pod.app.get<Fleet>(FLEET).stale;

/** Many at the same time, so that all orders come about. */
async function rounds(round: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: 20 }, round));
}

it('two pods that claim a session at once with the same attempt: one has it, the other says 4500 with that attempt', async () => {
  await rounds(async () => {
    const { client, session, resume } = await join();
    const rivals = await Promise.all([b, c].map((pod) => say(pod, { attempt: 2, session, resume })));
    const fates = await Promise.all(rivals.map(fateOf));
    expect(fates.toSorted()).toEqual(['4500 2', 'welcome']);
    expect(await client.close()).toEqual({ code: 4500, reason: '2' });
    const winner = fates[0] === 'welcome' ? b : c;
    expect(holdersOf([a, b, c], session)).toEqual([winner.name]);
    expect(await rowOf(a, session)).toMatchObject({ attempt: 2, detached: false });
  });
});

it('two pods that claim a session at once with different attempts: the higher one has it in the end', async () => {
  await rounds(async () => {
    const { client, session, resume } = await join();
    const [lower, higher] = await Promise.all([
      say(b, { attempt: 2, session, resume }),
      say(c, { attempt: 3, session, resume }),
    ]);
    expect(await fateOf(higher)).toBe('welcome');
    expect(await lower.close()).toEqual({ code: 4500, reason: '3' });
    expect((await client.close()).code).toBe(4500);
    expect(holdersOf([a, b, c], session)).toEqual(['c']);
    expect(await rowOf(a, session)).toMatchObject({ attempt: 3, detached: false });
  });
});

it.each([
  ['comes back', 'c'],
  ['never comes back', null],
] as const)('a claim whose answer was lost, of a client that is told `busy` and %s', async (_what, owner) => {
  const { client, session, resume } = await join();
  b.redis.onlyFrom = keys.sessionRow(asTenantId(TENANT), asSessionId(session)).toLowerCase();
  b.redis.swallows = 'answers';
  const unheard = await say(b, { attempt: 2, session, resume });
  expect(await client.close()).toEqual({ code: 4500, reason: '2' });
  expect((await unheard.close()).code).toBe(1013);
  expect(unheard.frames).toMatchObject([{ type: 'busy' }]);
  const next = owner === null ? null : await say(c, { attempt: 3, session, resume });
  if (next !== null) expect(await fateOf(next)).toBe('welcome');
  b.redis.onlyFrom = '';
  b.redis.swallows = 'nothing';
  await eventually('the pod to be back', async () => (await rowOf(b, session)).attempt >= 2 && !isStale(b));
  const expected = owner === null ? { attempt: 2, detached: true } : { attempt: 3, detached: false };
  await eventually('the row to tell the truth', async () => {
    const { attempt, detached } = await rowOf(a, session);
    return attempt === expected.attempt && detached === expected.detached;
  });
  expect(next?.closed ?? null).toBeNull();
  expect(holdersOf([a, b, c], session)).toEqual(owner === null ? [] : [owner]);
});

it('a claim that a pod sends again when it has Redis back takes nothing from who has claimed meanwhile', async () => {
  const { session, resume } = await join();
  const old = await say(b, { attempt: 2, session, resume });
  expect(await fateOf(old)).toBe('welcome');
  b.redis.swallows = 'everything';
  await eventually('the pod to notice', () => isStale(b));
  const next = await say(c, { attempt: 3, session, resume });
  expect(await fateOf(next)).toBe('welcome');
  expect(old.closed).toBeNull();
  b.redis.swallows = 'nothing';
  expect(await old.close()).toEqual({ code: 4500, reason: '3' });
  expect(next.closed).toBeNull();
  expect(await rowOf(a, session)).toMatchObject({ attempt: 3, detached: false });
});
