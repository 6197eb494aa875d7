import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { callApi } from '../support/load/api.js';
import { signToken } from '../support/load/credentials.js';
import type { DeployedPod } from '../support/pods/deployment.js';
import { RawClient } from '../support/raw-client.js';
import { Stage } from '../support/stage/stage.js';

/** The defaults, which the promise is about. */
const beats = { BATON_BEAT_MS: '2000', BATON_BEAT_TTL_MS: '10000' };
const GONE_WITHIN_MS = 10_000;
/** A look takes its time, too, on a busy machine. */
const LOOK_MS = 1_500;

interface Held {
  readonly client: RawClient;
  readonly user: string;
  readonly session: string;
  readonly resume: string;
}
interface Place {
  readonly connected: boolean;
  readonly attempt: number;
  readonly pod: { readonly name: string } | null;
}

let stage: Stage;
let [crashing, pausing, staying]: (DeployedPod | undefined)[] = [];
let crashed: Held;
let moved: Held;
/** The connection that it had before. */
let left: RawClient;
let waiting: Held;
let troubledAtMs: number;

async function hello(pod: DeployedPod | undefined, fields: object): Promise<RawClient> {
  const client = await RawClient.open(`ws://127.0.0.1:${String(pod?.ports?.port)}/v1/connect`);
  client.send({ type: 'hello', streams: { session: null }, publisher: 'p', can: ['overlap'], hops: 0, ...fields });
  return client;
}
async function join(pod: DeployedPod | undefined, user: string): Promise<Held> {
  const token = await signToken(stage.secrets.signer, 'acme', user);
  const client = await hello(pod, { attempt: 1, token });
  const { session, resume } = await client.next('welcome');
  await client.next('subscribed');
  return { client, user, session, resume };
}
async function get(path: string): Promise<unknown> {
  const url = `http://127.0.0.1:${String(staying?.ports?.port)}${path}`;
  return (await callApi({ method: 'GET', url, apiKey: stage.apiKeys[0]?.key ?? '' })).body;
}
const placeOf = async ({ session }: Held) => (await get(`/v1/sessions/${session}/connection`)) as Place;

beforeAll(async () => {
  stage = await Stage.start({ replicas: 3, environment: beats });
  [crashing, pausing, staying] = stage.deployment.serving;
  [crashed, moved, waiting] = await Promise.all([join(crashing, 'ada'), join(pausing, 'ben'), join(pausing, 'cleo')]);
  for (const held of [crashed, moved, waiting]) expect(await placeOf(held)).toMatchObject({ connected: true });
  pausing?.process.signal('SIGSTOP');
  troubledAtMs = performance.now();
  await crashing?.process.kill();
}, 60_000);
afterAll(async () => {
  for (const { client } of [crashed, moved, waiting]) client.terminate();
  await stage.close();
});

it('what a crashed or paused pod held reads as detached within 10 s, in look-ups and in lists', async () => {
  const client = await hello(staying, { attempt: 2, session: moved.session, resume: moved.resume });
  await client.next('welcome');
  left = moved.client;
  moved = { ...moved, client };
  await eventually(
    'both to read as detached',
    async () => !(await placeOf(crashed)).connected && !(await placeOf(waiting)).connected,
    { withinMs: 20_000, everyMs: 100 },
  );
  expect(performance.now() - troubledAtMs).toBeLessThan(GONE_WITHIN_MS + LOOK_MS);
  expect(await get('/v1/users/ada/sessions')).toMatchObject({
    sessions: [{ session: crashed.session, connected: false, pod: null }],
  });
  expect(await placeOf(moved)).toMatchObject({ connected: true, attempt: 2, pod: { name: staying?.name } });
});

it('a pod that wakes up takes nothing back: it closes what has moved, and keeps what has not', async () => {
  pausing?.process.signal('SIGCONT');
  expect(await left.close()).toEqual({ code: 4500, reason: '2' });
  await eventually('the pod to vouch for its other session', async () => (await placeOf(waiting)).connected);
  expect(await placeOf(waiting)).toMatchObject({ attempt: 1, pod: { name: pausing?.name } });
  expect(await placeOf(moved)).toMatchObject({ connected: true, attempt: 2, pod: { name: staying?.name } });
  waiting.client.send({ type: 'publish', stream: 'session', seq: 1, after: 0, data: 'awake' });
  expect(await waiting.client.next('message')).toMatchObject({ data: 'awake' });
  expect(moved.client.closed).toBeNull();
});
