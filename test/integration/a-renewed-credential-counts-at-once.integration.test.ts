import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Grant, Permission } from '../../src/protocol/grants.js';
import type { RunningPod } from '../../src/start-pod.js';
import { eventually } from '../support/eventually.js';
import { aboutSubscription, enter, publish, renew, subscribe } from '../support/frame-answers.js';
import { call, install, startPodHere, type Installation } from '../support/in-process-pod.js';
import { signToken } from '../support/load/credentials.js';
import { RawClient } from '../support/raw-client.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
let here: Installation;
let pod: RunningPod;
let shortLived: Someone;
let bobs: string;

interface Someone {
  readonly client: RawClient;
  readonly session: string;
  readonly resume: string;
}

const room = 'channel:room';
const onRoom = (...can: readonly Permission[]): readonly Grant[] => (can.length === 0 ? [] : [{ stream: room, can }]);
const tokenWith = (grants: readonly Grant[], ttl = '1h') => signToken(here.signer, 'acme', 'ada', grants, ttl);

async function hello(fields: object): Promise<RawClient> {
  const client = await RawClient.open(`ws://127.0.0.1:${pod.port}/v1/connect`);
  client.send({ type: 'hello', attempt: 1, publisher: 'p', streams: {}, ...fields });
  return client;
}
async function welcomed(fields: object): Promise<Someone> {
  const client = await hello(fields);
  const { session, resume } = await client.next('welcome');
  return { client, session, resume };
}
const appear = async (grants: readonly Grant[], ttl?: string) => welcomed({ token: await tokenWith(grants, ttl) });
const resumed = ({ session, resume }: Someone, more: object) => welcomed({ attempt: 2, session, resume, ...more });
const send = (data: unknown) =>
  call(pod.port, 'POST', '/v1/messages', { bearer: here.bearer('all'), body: { to: { channel: 'room' }, data } });

beforeAll(async () => {
  here = await install({ url: redis.url, keyPrefix: redis.keyPrefix() }, [
    { id: 'all', tenant: 'acme', grants: [{ stream: '*', can: ['publish', 'subscribe', 'presence'] }] },
    { id: 'other', tenant: 'acme', grants: [] },
  ]);
  pod = await startPodHere(here.environment, 'pod-a');
  shortLived = await appear(onRoom('subscribe'), '2s');
  bobs = await signToken(here.signer, 'acme', 'bob', onRoom('subscribe', 'publish', 'presence'));
});
afterAll(async () => {
  await pod.close();
  await here.remove();
});

/** What each permission is for, done once more each time. */
const attempts: Readonly<Record<Permission, (client: RawClient, time: number) => Promise<string>>> = {
  subscribe: (client) => subscribe(client, room),
  publish: (client, time) => publish(client, room, time, time),
  presence: (client) => enter(client, 'room'),
};

const rows: readonly (readonly [Permission, before: boolean, after: boolean, said: readonly [string, string]])[] = [
  ['subscribe', false, true, ['forbidden', 'subscribed']],
  ['subscribe', true, false, ['subscribed', 'forbidden']],
  ['subscribe', true, true, ['subscribed', 'subscribed']],
  ['subscribe', false, false, ['forbidden', 'forbidden']],
  ['publish', false, true, ['forbidden', 'ack']],
  ['publish', true, false, ['ack', 'forbidden']],
  ['publish', true, true, ['ack', 'ack']],
  ['publish', false, false, ['forbidden', 'forbidden']],
  ['presence', false, true, ['forbidden', 'snapshot']],
  ['presence', true, false, ['snapshot', 'forbidden']],
  ['presence', true, true, ['snapshot', 'snapshot']],
  ['presence', false, false, ['forbidden', 'forbidden']],
];

describe.each(['a token frame', 'the hello of a resume'])('after %s', (way) => {
  it.each(rows)('%s, granted before: %s, after: %s', async (permission, before, after, said) => {
    const someone = await appear(onRoom(...(before ? [permission] : [])));
    const first = await attempts[permission](someone.client, 1);
    const token = await tokenWith(onRoom(...(after ? [permission] : [])));
    let { client } = someone;
    if (way === 'a token frame') expect(await renew(client, token)).toBe('credential');
    else ({ client } = await resumed(someone, { token }));
    expect([first, await attempts[permission](client, 2)]).toEqual(said);
    client.terminate();
  });

  it('the session keeps the new grants when it resumes by its resume token alone', async () => {
    const someone = await appear(onRoom());
    const token = await tokenWith(onRoom('subscribe'));
    if (way === 'a token frame') await renew(someone.client, token);
    else (await resumed(someone, { token })).client.terminate();
    const { client } = await welcomed({ ...someone, client: undefined, attempt: 3 });
    expect(await subscribe(client, room)).toBe('subscribed');
    client.terminate();
  });
});

it('a subscription whose grant is gone ends, hears nothing more, and disturbs no other', async () => {
  const { client } = await appear(onRoom('subscribe'));
  await subscribe(client, room);
  await subscribe(client, 'user');
  await renew(client, await tokenWith([]));
  const about = client.frames.map(aboutSubscription(room)).filter((answer) => answer !== null);
  expect(about).toEqual(['subscribed', 'forbidden']);
  await send('for others');
  await call(pod.port, 'POST', '/v1/messages', { bearer: here.bearer('all'), body: { to: { user: 'ada' }, data: 1 } });
  expect(await client.next('message')).toMatchObject({ stream: 'user' });
  expect(client.of('message')).toHaveLength(1);
  client.terminate();
});

it('a subscription whose grant is still there is told nothing', async () => {
  const { client } = await appear(onRoom('subscribe'));
  await subscribe(client, room);
  const from = client.frames.length;
  await renew(client, await tokenWith([{ stream: 'channel:*', can: ['subscribe', 'publish'] }]));
  await send('still here');
  expect(await client.next('message')).toMatchObject({ stream: room });
  expect(client.frames.slice(from).map(({ type }) => type)).toEqual(['credential', 'message']);
  client.terminate();
});

it('who leaves a channel because the grant is gone is gone for others', async () => {
  const watcher = await welcomed({ token: bobs });
  expect(await enter(watcher.client, 'room')).toBe('snapshot');
  const someone = await appear(onRoom('presence'));
  expect(await enter(someone.client, 'room')).toBe('snapshot');
  await renew(someone.client, await tokenWith([]));
  const left = () =>
    watcher.client
      .of('presence')
      .filter(({ event, entries }) => event === 'leave' && entries[0]?.session === someone.session);
  await eventually('the leave', () => left().length > 0);
  for (const { client } of [watcher, someone]) client.terminate();
});

it.each([
  ['of another user', () => bobs],
  ['of another tenant', () => signToken(here.signer, 'umbrella', 'ada', [])],
  ['that has run out', () => tokenWith(onRoom('subscribe', 'publish'), '-1s')],
  ['that nobody signed', () => 'a.b.c'],
  ['that is an API key', () => here.bearer('all').slice('Bearer '.length)],
])('a token %s changes nothing, and is no credential for a resume', async (_what, token) => {
  const someone = await appear(onRoom('subscribe'));
  await subscribe(someone.client, room);
  expect(await renew(someone.client, await token())).toBe('unauthorized');
  expect(await publish(someone.client, room, 1, 'x')).toBe('forbidden');
  await send('still here');
  await someone.client.next('message');
  const { session, resume } = someone;
  const second = await hello({ attempt: 2, session, resume, token: await token() });
  expect((await second.close()).code).toBe(4501);
  expect(someone.client.closed).toBeNull();
  someone.client.terminate();
});

it('the session of an API key is renewed by that key alone', async () => {
  const key = here.bearer('all').slice('Bearer '.length);
  const { client } = await welcomed({ token: key });
  expect(await renew(client, here.bearer('other').slice('Bearer '.length))).toBe('unauthorized');
  expect(await renew(client, bobs)).toBe('unauthorized');
  expect(await renew(client, key)).toBe('credential');
  expect(await subscribe(client, 'user:ada')).toBe('subscribed');
  client.terminate();
});

it('a credential that runs out closes 4501, and only a new token brings the session back', async () => {
  const { client, session, resume } = shortLived;
  expect((await client.close()).code).toBe(4501);
  expect(client.of('credential')[0]?.expiresInMs).toBeLessThanOrEqual(2_000);
  const without = await hello({ attempt: 2, session, resume });
  expect((await without.close()).code).toBe(4501);
  const token = await tokenWith(onRoom('publish'));
  const streams = { [room]: null, user: null };
  const back = await welcomed({ attempt: 3, session, resume, token, streams });
  expect(back.session).toBe(session);
  await eventually(
    'an answer for each stream',
    () => back.client.of('error').length + back.client.of('subscribed').length > 1,
  );
  expect(back.client.of('error')).toMatchObject([{ stream: room, code: 'forbidden' }]);
  expect(back.client.of('subscribed')).toMatchObject([{ stream: 'user' }]);
  expect(await publish(back.client, room, 1, 'back')).toBe('ack');
  back.client.terminate();
});
