import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { call } from '../support/in-process-pod.js';
import { eventually } from '../support/eventually.js';
import { GatedPods, type GatedPod } from '../support/hand-over/gated-pods.js';
import { RawClient } from '../support/raw-client.js';
import { redisAdmin } from '../support/redis-admin.js';
import { withTemporaryFiles } from '../support/temporary-files.js';
import { isSignedWith, Receiver } from '../support/webhooks/receiver.js';
import { withRedis } from '../support/with-redis.js';

const GRACE_MS = 600;
const oldSecret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
const newSecret = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;

const redis = withRedis({ alwaysOwn: true });
const files = withTemporaryFiles();
const clients: RawClient[] = [];
let keyPrefix: string;
let admin: ReturnType<typeof redisAdmin>;
let receiver: Receiver;
let pods: GatedPods;
let a: GatedPod;
let b: GatedPod;

interface Someone {
  readonly client: RawClient;
  readonly session: string;
  readonly resume: string;
}

async function hello(pod: GatedPod, fields: object): Promise<Someone> {
  const client = await RawClient.open(`${pod.clients.url}/v1/connect`);
  clients.push(client);
  client.send({ type: 'hello', streams: {}, can: ['overlap'], hops: 0, ...fields });
  const { session, resume } = await client.next('welcome');
  return { client, session, resume };
}
const join = async (pod: GatedPod, user: string, tenant?: string) =>
  hello(pod, { attempt: 1, token: await pods.token(user, tenant) });

const told = (session: string, story: readonly string[], withinMs = 5_000) =>
  eventually(
    () => `${story.join(', ')}; told was ${receiver.storyOf(session).join(', ')}`,
    () => receiver.storyOf(session).join() === story.join(),
    { withinMs },
  );
/** Whatever was to be told of what happened before this has been told by then. */
async function untilAnotherIsGone(pod: GatedPod): Promise<void> {
  const { client, session } = await join(pod, 'marker');
  client.terminate();
  await told(session, ['connected', 'disconnected']);
}

beforeAll(async () => {
  keyPrefix = redis.keyPrefix();
  admin = redisAdmin(redis.url);
  receiver = await Receiver.start();
  const row = { tenant: 'acme', url: receiver.url, secret: [newSecret, oldSecret] };
  const grants = [{ stream: '*', can: ['publish', 'subscribe', 'presence'] as const }];
  pods = await GatedPods.install({ url: redis.url, keyPrefix }, [{ id: 'backend', tenant: 'acme', grants }]);
  const settings = {
    BATON_WEBHOOKS_FILE: await files.write('webhooks.json', JSON.stringify([row])),
    BATON_WEBHOOKS_GRACE_MS: String(GRACE_MS),
    BATON_BEAT_MS: '200',
    BATON_BEAT_TTL_MS: '1500',
    BATON_REDIS_COMMAND_TIMEOUT_MS: '500',
    BATON_REDIS_CONNECT_TIMEOUT_MS: '300',
    // What a pod could not say to Redis it says again with the ticks of its sweep.
    BATON_SESSION_SWEEP_MS: '60000',
  };
  a = await pods.start('a', settings);
  b = await pods.start('b', settings);
});
afterAll(async () => {
  for (const client of clients) client.terminate();
  admin.disconnect();
  await pods.close();
  await receiver.stop();
});

it('a session that connects, is lost, comes back and is ended, signed with both secrets', async () => {
  const { client, session, resume } = await join(a, 'ann');
  await told(session, ['connected']);
  client.terminate();
  await told(session, ['connected', 'disconnected']);
  await hello(b, { attempt: 2, session, resume });
  await told(session, ['connected', 'disconnected', 'connected']);
  const bearer = `Bearer ${pods.apiKey('backend')}`;
  expect((await call(a.pod.port, 'DELETE', `/v1/sessions/${session}`, { bearer })).status).toBe(204);
  await told(session, ['connected', 'disconnected', 'connected', 'disconnected', 'ended']);
  const heard = receiver.heard.filter(({ data }) => data.session === session);
  for (const one of heard) {
    expect(one).toMatchObject({ path: '/hooks', data: { tenant: 'acme', session, user: 'ann' } });
    expect([oldSecret, newSecret].map((secret) => isSignedWith(secret, one))).toEqual([true, true]);
    expect(isSignedWith(`whsec_${Buffer.alloc(24, 3).toString('base64')}`, one)).toBe(false);
    expect(Math.abs(Number(one.timestamp) - Date.now() / 1_000)).toBeLessThan(30);
    expect(Math.abs(Date.parse(one.at) - Date.now())).toBeLessThan(30_000);
  }
  const [lost] = heard.filter(({ type }) => type === 'session.disconnected');
  const [first] = heard;
  expect(Date.parse(lost?.at ?? '') - Date.parse(first?.at ?? '')).toBeGreaterThanOrEqual(GRACE_MS);
});

it('one that says goodbye', async () => {
  const { client, session } = await join(b, 'bob');
  client.send({ type: 'bye' });
  await told(session, ['connected', 'disconnected', 'ended']);
});

it('nothing of a hand-over, nor of a resume within the grace', async () => {
  const moved = await join(a, 'mia');
  const back = await join(a, 'ben');
  await hello(b, { attempt: 2, session: moved.session, resume: moved.resume });
  expect((await moved.client.close()).code).toBe(4500);
  back.client.terminate();
  await hello(a, { attempt: 2, session: back.session, resume: back.resume });
  await untilAnotherIsGone(a);
  expect([moved, back].map(({ session }) => receiver.storyOf(session))).toEqual([['connected'], ['connected']]);
});

it('nothing of a tenant without a receiver, and Redis is not asked', async () => {
  const { client } = await join(a, 'uma', 'umbrella');
  client.terminate();
  await untilAnotherIsGone(a);
  expect(receiver.heard.filter(({ data }) => data.tenant !== 'acme')).toEqual([]);
  expect(await admin.keys(`${keyPrefix}*umbrella/w*`)).toEqual([]);
  expect(await admin.keys(`${keyPrefix}*acme/w*`)).not.toEqual([]);
});

it('what happened while Redis was away when it is back, and nothing of those who stayed', async () => {
  const stays = await join(b, 'sue');
  const goes = await join(a, 'gus');
  await told(stays.session, ['connected']);
  await told(goes.session, ['connected']);
  for (const { redis: way } of [a, b]) way.swallows = 'everything';
  goes.client.terminate();
  await eventually('all pods to be without a row', async () => {
    const rows = await admin.keys(`${keyPrefix}{fleet}:pod:*`);
    return rows.length === 0;
  });
  a.redis.swallows = 'nothing';
  await eventually('the first to be back', async () => (await admin.keys(`${keyPrefix}{fleet}:pod:*`)).length === 1);
  b.redis.swallows = 'nothing';
  await told(goes.session, ['connected', 'disconnected'], 15_000);
  await untilAnotherIsGone(b);
  expect(receiver.storyOf(stays.session)).toEqual(['connected']);
});

it('the sessions of a pod that died, within the grace and 10 s, and those that come back', async () => {
  const c = await pods.start('c', {
    BATON_WEBHOOKS_FILE: await files.write(
      'same.json',
      JSON.stringify([{ tenant: 'acme', url: receiver.url, secret: newSecret }]),
    ),
    BATON_WEBHOOKS_GRACE_MS: String(GRACE_MS),
    BATON_BEAT_MS: '200',
    BATON_BEAT_TTL_MS: '1500',
  });
  const lost = await join(c, 'lou');
  const back = await join(c, 'cleo');
  await told(lost.session, ['connected']);
  await told(back.session, ['connected']);
  c.die();
  await hello(a, { attempt: 2, session: back.session, resume: back.resume });
  await told(lost.session, ['connected', 'disconnected'], GRACE_MS + 10_000);
  await hello(b, { attempt: 2, session: lost.session, resume: lost.resume });
  await told(lost.session, ['connected', 'disconnected', 'connected']);
  expect(receiver.storyOf(back.session)).toEqual(['connected']);
});
