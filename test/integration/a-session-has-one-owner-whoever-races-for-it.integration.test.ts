import { randomBytes, randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { PodsHere } from '../support/faults/pods-here.js';
import { RawClient } from '../support/raw-client.js';
import { seededRandom } from '../support/seeded-random.js';
import { RedisProxy } from '../support/stage/redis-proxy.js';
import { withRedis } from '../support/with-redis.js';

const ROUNDS = 1_000;
/** That many sessions at the same time, each with its rounds one after the other. */
const SESSIONS = 100;
const MAX_DELAY_MS = 15;

const seed = Number(process.env['BATON_TEST_SEED'] ?? randomInt(2 ** 31));
const random = seededRandom(seed);
const redis = withRedis();
let pods: PodsHere;
let ways: readonly RedisProxy[];

beforeAll(async () => {
  ways = [await RedisProxy.start(redis.url), await RedisProxy.start(redis.url)];
  pods = await PodsHere.install({ url: redis.url, keyPrefix: redis.keyPrefix() });
  await Promise.all(['a', 'b'].map((name, at) => pods.start(name, { BATON_REDIS_URL: ways[at]?.url ?? '' })));
});
afterAll(async () => {
  await pods.close();
  await Promise.all(ways.map((way) => way.stop()));
});

interface Holder {
  readonly client: RawClient;
  readonly pod: string;
  readonly attempt: number;
}
interface Held {
  readonly session: string;
  readonly resume: string;
  readonly holder: Holder;
}

async function enter(pod: string, attempt: number, more: object): Promise<Holder> {
  const client = await RawClient.open(`${pods.url(pod)}/v1/connect`);
  const publisher = randomBytes(8).toString('hex');
  client.send({ type: 'hello', attempt, streams: { session: null }, publisher, can: ['overlap'], hops: 0, ...more });
  return { client, pod, attempt };
}
const decided = ({ client }: Holder): Promise<unknown> =>
  eventually('a verdict', () => client.of('welcome').length > 0 || client.closed, { withinMs: 15_000, everyMs: 2 });

async function begin(user: string): Promise<Held> {
  const holder = await enter('a', 1, { token: await pods.token(user) });
  const { session, resume } = await holder.client.next('welcome');
  return { session, resume, holder };
}

/** Two connections, each on a pod, with equal attempts or one after the other, in either order or at once. */
async function race({ session, resume, holder }: Held): Promise<Held> {
  const [first, second] = random() < 0.5 ? ['a', 'b'] : ['b', 'a'];
  const [one, other] = (
    [
      [1, 1],
      [1, 2],
      [2, 1],
    ] as const
  )[Math.floor(random() * 3)] ?? [1, 1];
  const oneByOne = random() < 0.3;
  for (const way of ways) way.delayMs = Math.floor(random() * MAX_DELAY_MS);
  const former = { attempt: holder.attempt, client: holder.client };
  const entering = enter(first, former.attempt + one, { session, resume });
  if (oneByOne) await decided(await entering);
  const racers = await Promise.all([entering, enter(second, former.attempt + other, { session, resume })]);
  await Promise.all(racers.map(decided));
  const highest = Math.max(...racers.map(({ attempt }) => attempt));

  const losers = await eventually(
    'all but one to have been closed',
    () => {
      const closed = racers.filter(({ client }) => client.closed !== null);
      return former.client.closed !== null && closed.length === 1 && closed;
    },
    { withinMs: 15_000, everyMs: 5 },
  );
  const [winner] = racers.filter((racer) => !losers.includes(racer));
  if (winner === undefined) throw new Error('both were closed');
  expect(winner.attempt).toBe(highest);
  expect(losers.map(({ client }) => client.closed)).toEqual([{ code: 4500, reason: String(highest) }]);
  expect(former.client.closed?.code).toBe(4500);
  expect(Number(former.client.closed?.reason)).toBeGreaterThan(former.attempt);
  expect(Number(former.client.closed?.reason)).toBeLessThanOrEqual(highest);
  if (oneByOne && one === other) expect(winner.pod).toBe(first);
  await worksAlone(session, winner);
  return { session, resume, holder: winner };
}

/** The row names it, and what it publishes comes back to it. */
async function worksAlone(session: string, { client, pod, attempt }: Holder): Promise<void> {
  const { body } = await pods.call(pod, 'GET', `/v1/sessions/${session}/connection`);
  expect(body).toMatchObject({ connected: true, attempt, pod: { name: pod } });
  await client.next('subscribed');
  client.send({ type: 'publish', stream: 'session', seq: 1, after: 0, data: attempt });
  expect(await client.next('message')).toMatchObject({ data: attempt });
  expect(client.closed).toBeNull();
}

it(`in ${ROUNDS} rounds of two connections on two pods the highest attempt wins, or the first of equals (seed ${seed})`, async () => {
  let rounds = 0;
  const play = async (user: string) => {
    let held = await begin(user);
    for (let round = 0; round < ROUNDS / SESSIONS; round += 1) {
      held = await race(held);
      rounds += 1;
    }
    held.holder.client.terminate();
  };
  await Promise.all(Array.from({ length: SESSIONS }, (_, index) => play(`user-${index}`)));
  expect(rounds).toBe(ROUNDS);
}, 60_000);
