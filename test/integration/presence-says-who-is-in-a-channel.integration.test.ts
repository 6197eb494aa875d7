import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect } from '../../src/client/index.js';
import type { PresenceFrame } from '../../src/protocol/frames.js';
import { eventually } from '../support/eventually.js';
import { askToMove, GatedPods, holdersOf, type GatedPod } from '../support/hand-over/gated-pods.js';
import { RawClient } from '../support/raw-client.js';
import { redisAdmin } from '../support/redis-admin.js';
import { withRedis } from '../support/with-redis.js';

const BEAT_TTL_MS = 6_000;
const beats = { BATON_BEAT_TTL_MS: String(BEAT_TTL_MS) };
const LATE_MS = 10_000;

const redis = withRedis({ alwaysOwn: true });
const clients: RawClient[] = [];
let keyPrefix: string;
let admin: ReturnType<typeof redisAdmin>;
let pods: GatedPods;
let a: GatedPod;
let b: GatedPod;
let lost: { readonly watcher: RawClient; readonly session: string; readonly atMs: number };

interface Someone {
  readonly client: RawClient;
  readonly session: string;
  readonly resume: string;
}

/** A pod that has just lost its connections to Redis is busy until its next beat. */
async function hello(pod: GatedPod, fields: object): Promise<Someone> {
  return eventually('the pod to take newcomers', async () => {
    const client = await RawClient.open(`${pod.clients.url}/v1/connect`);
    clients.push(client);
    client.send({ type: 'hello', streams: {}, can: ['overlap'], hops: 0, ...fields });
    await eventually('an answer', () => client.frames.length > 0);
    if (client.of('busy').length > 0) return null;
    const { session, resume } = await client.next('welcome');
    return { client, session, resume };
  });
}
const join = async (pod: GatedPod, user: string) => hello(pod, { attempt: 1, token: await pods.token(user) });

async function enter(pod: GatedPod, user: string, channel: string): Promise<Someone> {
  const someone = await join(pod, user);
  someone.client.send({ type: 'presence', channel, on: true });
  await someone.client.next('presence');
  return someone;
}
const sessionsIn = ({ entries }: PresenceFrame) => entries.map(({ session }) => session).sort();
const told = (client: RawClient, event: PresenceFrame['event']) =>
  client.of('presence').filter((frame) => frame.event === event);

beforeAll(async () => {
  keyPrefix = redis.keyPrefix();
  admin = redisAdmin(redis.url);
  pods = await GatedPods.install({ url: redis.url, keyPrefix });
  [a, b] = await Promise.all([pods.start('a', beats), pods.start('b', beats)]);
  const { client: watcher } = await enter(a, 'wes', 'lost');
  const { client, session } = await enter(a, 'lou', 'lost');
  await eventually('the join', () => told(watcher, 'join').length > 0);
  client.terminate();
  lost = { watcher, session, atMs: performance.now() };
});
afterAll(async () => {
  for (const client of clients) client.terminate();
  admin.disconnect();
  await pods.close();
});

it('everybody who is there, on whatever pod, and then who comes and goes', async () => {
  const one = await enter(a, 'ann', 'room/1');
  expect(one.client.of('presence')).toMatchObject([
    { channel: 'room/1', event: 'snapshot', entries: [{ session: one.session, user: 'ann' }] },
  ]);
  const two = await enter(b, 'bob', 'room/1');
  const [snapshot] = told(two.client, 'snapshot');
  expect(snapshot && sessionsIn(snapshot)).toEqual([one.session, two.session].sort());
  await eventually('a join', () => told(one.client, 'join').length > 0);
  expect(told(one.client, 'join')).toMatchObject([{ entries: [{ session: two.session, user: 'bob' }] }]);
  const since = snapshot?.entries.find(({ session }) => session === two.session)?.since ?? 0;
  expect(Math.abs(since - Date.now())).toBeLessThan(5_000);
  two.client.send({ type: 'presence', channel: 'room/1', on: false });
  await eventually('a leave', () => told(one.client, 'leave').length > 0);
  const three = await enter(b, 'cleo', 'room/1');
  three.client.send({ type: 'bye' });
  await eventually('another leave', () => told(one.client, 'leave').length > 1);
  expect(told(one.client, 'leave').map(sessionsIn)).toEqual([[two.session], [three.session]]);
  expect(told(two.client, 'leave')).toEqual([]);
});

it('a session that moves to another pod neither leaves nor joins, and keeps its place', async () => {
  const watcher = await enter(a, 'wes', 'moving');
  const { client, session, resume } = await enter(a, 'mia', 'moving');
  const before = told(watcher.client, 'join').at(-1)?.entries[0]?.since;
  const second = await hello(b, { attempt: 2, session, resume });
  second.client.send({ type: 'presence', channel: 'moving', on: true });
  const snapshot = await second.client.next('presence');
  expect(snapshot.entries.find((entry) => entry.session === session)?.since).toBe(before);
  expect((await client.close()).code).toBe(4500);
  // Whoever comes after it is told after whatever was told of it.
  const last = await enter(b, 'zoe', 'moving');
  await eventually('the last join', () => told(watcher.client, 'join').length > 1);
  expect(told(watcher.client, 'join').map(sessionsIn)).toEqual([[session], [last.session]]);
  expect(told(watcher.client, 'leave')).toEqual([]);
});

it('a hand-over by the SDK is one change of owner: nobody sees anybody come or go', async () => {
  const watcher = await enter(a, 'wes', 'hand-over');
  const client = connect({ url: a.clients.url, token: () => pods.token('mia'), allowedOrigins: 'same-host' });
  const presence = client.presence('hand-over');
  await presence.ready;
  await eventually('the join', () => told(watcher.client, 'join').length > 0);
  const since = presence.entries.find(({ user }) => user === 'mia')?.since;
  const key = `${keyPrefix}{acme/c/hand-over}:here`;
  const changes = Number(await admin.hget(key, '#'));
  for (const [from, to] of [[a, b] as const, [b, a] as const]) {
    const moved = new Promise((resolve) => client.on('moved', resolve));
    askToMove(from, client.session?.id ?? '', to);
    await moved;
    await eventually('the old connection to be closed', () => holdersOf([from], client.session?.id ?? '').length === 0);
  }
  await eventually(
    'the entry to have changed hands twice',
    async () => Number(await admin.hget(key, '#')) >= changes + 2,
  );
  const last = await enter(b, 'zoe', 'hand-over');
  await eventually('the last join', () => told(watcher.client, 'join').length > 1);
  expect(Number(await admin.hget(key, '#'))).toBe(changes + 3);
  expect(told(watcher.client, 'join').flatMap(sessionsIn)).toEqual([client.session?.id, last.session]);
  expect(told(watcher.client, 'leave')).toEqual([]);
  expect(presence.entries.find(({ user }) => user === 'mia')?.since).toBe(since);
  await client.close();
});

it('whoever uses the SDK, until they close the client or the presence', async () => {
  const enterAs = async (user: string, url: string) => {
    const client = connect({ url, token: () => pods.token(user), allowedOrigins: 'same-host' });
    const presence = client.presence('sdk');
    await presence.ready;
    return { client, presence };
  };
  const [ann, bob] = [await enterAs('ann', a.clients.url), await enterAs('bob', b.clients.url)];
  const users = () => ann.presence.entries.map(({ user }) => user).sort();
  await eventually('both to be there', () => users().length === 2);
  expect(users()).toEqual(['ann', 'bob']);
  await bob.client.close();
  await eventually('one to be left', () => users().length === 1);
  ann.presence.close();
  const key = `${keyPrefix}{acme/c/sdk}:here`;
  await eventually('nobody to be left', async () => (await admin.hkeys(key)).every((field) => field === '#'));
  await ann.client.close();
});

it('only who names a channel, and not more channels than a session may have', async () => {
  const { client } = await join(a, 'ada');
  client.send({ type: 'presence', channel: 'a b', on: true }, { type: 'presence', channel: 'x', on: 'yes' });
  expect([await client.next('error'), await client.next('error')]).toMatchObject([
    { code: 'bad-frame', message: expect.stringContaining('channel') as unknown },
    { code: 'bad-frame', message: expect.stringContaining('on') as unknown },
  ]);
  for (let number = 0; number < 129; number += 1)
    client.send({ type: 'presence', channel: `many/${number}`, on: true });
  expect(await client.next('error')).toMatchObject({ code: 'too-many-streams', channel: 'many/128' });
  expect(told(client, 'snapshot').length).toBeLessThanOrEqual(128);
});

it('what Redis has lost is put back by those who are there, after a doubt', async () => {
  const one = await enter(a, 'ann', 'rewound');
  const two = await enter(b, 'bob', 'rewound');
  await admin.del(`${keyPrefix}{acme/c/rewound}:here`);
  await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  const here = async () => (await admin.hkeys(`${keyPrefix}{acme/c/rewound}:here`)).filter((key) => key !== '#').sort();
  const both = [one.session, two.session].sort();
  await eventually('both to be there again', async () => JSON.stringify(await here()) === JSON.stringify(both), {
    withinMs: 15_000,
  });
  const three = await eventually('a third to be let in', async () => {
    const someone = await enter(b, 'cleo', 'rewound').catch(() => null);
    return someone;
  });
  const shown = await eventually('a snapshot', () => told(three.client, 'snapshot').at(-1));
  expect(sessionsIn(shown)).toEqual([...both, three.session].sort());
  for (const { client } of [one, two])
    await eventually('the third to be told', () =>
      told(client, 'join').some((frame) => frame.entries.some(({ session }) => session === three.session)),
    );
});

it('who was on a pod that ended has time to come back, and nobody sees it leave', async () => {
  const c = await pods.start('c', beats);
  const watcher = await enter(a, 'wes', 'ending');
  const { session, resume } = await enter(c, 'eve', 'ending');
  await c.pod.close();
  // Its row has gone with it; the pods look at each other every second.
  const sinceMs = performance.now();
  await eventually('them to have looked', () => performance.now() - sinceMs > 1_200);
  const second = await hello(b, { attempt: 2, session, resume });
  second.client.send({ type: 'presence', channel: 'ending', on: true });
  expect(sessionsIn(await second.client.next('presence'))).toContain(session);
  expect(told(watcher.client, 'leave')).toEqual([]);
  expect(told(watcher.client, 'join').flatMap(sessionsIn)).toEqual([session]);
});

it('who was on a pod that died has left before its row has gone, unless it is back on another', async () => {
  const watcher = await enter(a, 'wes', 'crash');
  const [gone, back] = [await enter(b, 'gus', 'crash'), await enter(b, 'bea', 'crash')];
  b.die();
  const diedAtMs = performance.now();
  const second = await hello(a, { attempt: 2, session: back.session, resume: back.resume });
  second.client.send({ type: 'presence', channel: 'crash', on: true });
  await eventually('the leave', () => told(watcher.client, 'leave').length > 0, { withinMs: 10_000 });
  expect(performance.now() - diedAtMs).toBeLessThan(BEAT_TTL_MS + 1_000);
  expect(told(watcher.client, 'leave').map(sessionsIn)).toEqual([[gone.session]]);
  expect(told(watcher.client, 'join').flatMap(sessionsIn).sort()).toEqual([gone.session, back.session].sort());
});

it('who lost its connection is there for 10 s, and leaves then', async () => {
  const { watcher, session, atMs } = lost;
  await eventually('the leave', () => told(watcher, 'leave').length > 0, { withinMs: 15_000 });
  const afterMs = performance.now() - atMs;
  expect(afterMs).toBeGreaterThan(LATE_MS - 500);
  expect(afterMs).toBeLessThan(LATE_MS + 3_000);
  expect(told(watcher, 'leave').map(sessionsIn)).toEqual([[session]]);
});

it('a channel that a crashed pod left full takes newcomers at once, also many, and nobody sees anything of it', async () => {
  const key = `${keyPrefix}{acme/c/full}:here`;
  const watcher = await enter(a, 'wes', 'full');
  const record = `u 1 crashed 1 c ${Date.now()}`;
  const entries = Array.from({ length: 999 }, (_, number) => [`s${number}`, record] as const);
  await admin.hset(key, ...entries.flat());
  const tryToEnter = async () => {
    const someone = await join(a, 'ann');
    someone.client.send({ type: 'presence', channel: 'full', on: true });
    await eventually('an answer', () => someone.client.of('presence').length + someone.client.of('error').length > 0);
    return someone.client.of('error').length === 0 ? someone : null;
  };
  // A pod calls no other dead before it has seen Redis for as long as a row lives.
  const one = await eventually('the first to be let in', tryToEnter, { withinMs: 2 * LATE_MS });
  const others = await Promise.all(Array.from({ length: 50 }, (_, number) => enter(a, `u${number}`, 'full')));
  const expected = [watcher, one, ...others].map(({ session }) => session).sort();
  expect((await admin.hkeys(key)).filter((field) => field !== '#').sort()).toEqual(expected);
  await eventually(
    'all to be told',
    () => told(watcher.client, 'join').flatMap(sessionsIn).length === expected.length - 1,
  );
  expect(told(watcher.client, 'leave')).toEqual([]);
});
