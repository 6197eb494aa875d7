import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Grant, Permission } from '../../src/protocol/grants.js';
import type { RunningPod } from '../../src/start-pod.js';
import { permissionRows, type PermissionRow } from '../support/auth/permission-table.js';
import { aboutSubscription, enter, publish, subscribe } from '../support/frame-answers.js';
import { eventually } from '../support/eventually.js';
import { call, install, joinAs, startPodHere, type Installation, type Joined } from '../support/in-process-pod.js';
import { signToken } from '../support/load/credentials.js';
import { RawClient } from '../support/raw-client.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
const grant = (stream: string, ...can: readonly Permission[]): Grant => ({ stream, can });
const all = ['subscribe', 'publish', 'presence'] as const;

interface Actor {
  readonly tenant: 'acme' | 'umbrella';
  readonly grants: readonly Grant[];
  /** Of an API key; else it is a user with a token. */
  readonly key?: string;
}
const actors: Readonly<Record<string, Actor>> = {
  'a user without grants': { tenant: 'acme', grants: [] },
  'a user of that channel': { tenant: 'acme', grants: [grant('channel:room', ...all)] },
  'a user of a prefix': { tenant: 'acme', grants: [grant('channel:ro*', ...all)] },
  'a user who may only read': { tenant: 'acme', grants: [grant('*', 'subscribe')] },
  'a user who may only publish': { tenant: 'acme', grants: [grant('channel:*', 'publish')] },
  'a user who may only be there': { tenant: 'acme', grants: [grant('channel:*', 'presence')] },
  'a user who may everything': { tenant: 'acme', grants: [grant('*', ...all)] },
  'a user who names others': { tenant: 'acme', grants: [grant('user:*', ...all), grant('session:*', ...all)] },
  'a user of another tenant': { tenant: 'umbrella', grants: [grant('*', ...all)] },
  'a key without grants': { tenant: 'acme', grants: [], key: 'none' },
  'a key of that channel and user': {
    ...{ tenant: 'acme', key: 'exact' },
    grants: [grant('channel:room', ...all), grant('user:ada', 'subscribe', 'publish')],
  },
  'a key of prefixes': {
    ...{ tenant: 'acme', key: 'prefix' },
    grants: [grant('channel:ro*', ...all), grant('user:a*', 'subscribe'), grant('session:*', 'publish')],
  },
  'a key that may everything': { tenant: 'acme', grants: [grant('*', ...all)], key: 'everything' },
  'a key of another tenant': { tenant: 'umbrella', grants: [grant('*', ...all)], key: 'foreign' },
};

let here: Installation;
let pod: RunningPod;
let ada: Joined;

beforeAll(async () => {
  const keys = Object.values(actors).flatMap(({ key, tenant, grants }) =>
    key === undefined ? [] : [{ id: key, tenant, grants }],
  );
  here = await install({ url: redis.url, keyPrefix: redis.keyPrefix() }, keys);
  pod = await startPodHere(here.environment, 'pod-a');
  ada = await joinAs(pod.port, await here.token('acme', 'ada'));
});
afterAll(async () => {
  ada.client.terminate();
  await pod.close();
  await here.remove();
});

/** An actor with a socket; `streamOf` puts the real ids into a name of the table. */
interface Present {
  readonly actor: Actor;
  readonly credential: string;
  readonly client: RawClient;
  readonly session: string;
  readonly resume: string;
  readonly streamOf: (named: string) => string;
}

async function appear(name: string): Promise<Present> {
  const actor = actors[name];
  if (!actor) throw new Error(`the table has an actor that nobody is: ${name}`);
  const { tenant, grants, key } = actor;
  const credential =
    key === undefined ? await signToken(here.signer, tenant, 'ann', grants) : here.bearer(key).slice('Bearer '.length);
  const client = await RawClient.open(`ws://127.0.0.1:${pod.port}/v1/connect`);
  client.send({ type: 'hello', attempt: 1, token: credential, publisher: 'p', streams: {} });
  const { session, resume } = await client.next('welcome');
  const user = key === undefined ? 'ann' : `key:${key}`;
  const real: Readonly<Record<string, string>> = {
    'session:ADA': `session:${ada.session}`,
    'session:SELF': `session:${session}`,
    'user:SELF': `user:${user}`,
  };
  return { actor, credential, client, session, resume, streamOf: (named) => real[named] ?? named };
}

const get = async (bearer: string, stream: string, query = '') =>
  call(pod.port, 'GET', `/v1/streams/${encodeURIComponent(stream)}/messages${query}`, { bearer });

/** What is in a stream of a tenant after a position, or its present end. */
async function logOf(tenant: string, stream: string, after?: string) {
  const bearer = here.bearer(tenant === 'acme' ? 'everything' : 'foreign');
  const { body } = await get(bearer, stream, after === undefined ? '' : `?after=${after}`);
  return body as { readonly messages: readonly { readonly data: unknown }[]; readonly after: string };
}

async function send(bearer: string, stream: string, data: string): Promise<string> {
  const [kind = '', name = ''] = stream.split(/:(.*)/s);
  const to = stream === 'tenant' ? { tenant: true } : { [kind]: name };
  return String((await call(pod.port, 'POST', '/v1/messages', { bearer, body: { to, data } })).status);
}

/** As a backend names the stream in which a publish of this actor would end. */
const ownerOf = ({ session, streamOf }: Present, named: string): string =>
  named === 'session' ? `session:${session}` : streamOf(named === 'user' ? 'user:SELF' : named);

async function play(present: Present, { actor, stream: named }: PermissionRow): Promise<PermissionRow> {
  const { client, credential, streamOf } = present;
  const { tenant } = present.actor;
  const stream = streamOf(named);
  const owner = ownerOf(present, named);
  const isReadable = !(tenant === 'umbrella' && named === 'session:ADA');
  const before = isReadable ? await logOf(tenant, owner) : null;
  const data = `${actor} to ${named}`;
  const row = {
    ...{ actor, stream: named },
    subscribe: await subscribe(client, stream),
    publish: await publish(client, stream, 1, data),
    presence: stream.startsWith('channel:') ? await enter(client, stream.slice('channel:'.length)) : '-',
  };
  if (before) {
    const { messages } = await logOf(tenant, owner, before.after);
    expect(messages.map((message) => message.data)).toEqual(row.publish === 'ack' ? [data] : []);
  }
  const read = String((await get(`Bearer ${credential}`, stream)).status);
  const isTarget = stream !== 'session' && stream !== 'user';
  return { ...row, read, send: isTarget ? await send(`Bearer ${credential}`, stream, 'over HTTP') : '-' };
}

describe('each stream is subscribed to, published to and asked for presence by', () => {
  it.each(Object.keys(actors))('%s', async (name) => {
    const expected = permissionRows.filter(({ actor }) => actor === name);
    expect(expected).toHaveLength(9);
    const present = await appear(name);
    const rows: PermissionRow[] = [];
    for (const row of expected) rows.push(await play(present, row));
    expect(rows).toEqual(expected);
    // What comes with `hello` on a resume is looked at stream by stream, as if it had been asked for.
    const streams = Object.fromEntries(expected.map(({ stream }) => [present.streamOf(stream), null]));
    const second = await RawClient.open(`ws://127.0.0.1:${pod.port}/v1/connect`);
    const { session, resume } = present;
    second.send({ type: 'hello', attempt: 2, session, resume, streams, publisher: 'p' });
    for (const { stream, subscribe: outcome } of expected) {
      const answers = aboutSubscription(present.streamOf(stream));
      const answer = await eventually(`an answer for ${stream}`, () => second.frames.map(answers).find(Boolean));
      expect([stream, answer]).toEqual([stream, outcome]);
    }
    present.client.terminate();
    second.terminate();
  });
});

it('what another tenant publishes under the same names reaches nobody else, however much one may', async () => {
  const [mine, theirs] = [await appear('a key that may everything'), await appear('a key of another tenant')];
  const shared = ['tenant', 'channel:room', 'user:ada', `session:${ada.session}`];
  for (const stream of shared)
    expect([await subscribe(mine.client, stream), await subscribe(theirs.client, stream)]).toEqual([
      ...['subscribed', 'subscribed'],
    ]);
  for (const stream of shared) {
    expect(await publish(theirs.client, stream, 1, 'theirs')).toBe('ack');
    expect(await publish(mine.client, stream, 1, 'mine')).toBe('ack');
  }
  for (const [{ client }, data] of [
    [mine, 'mine'],
    [theirs, 'theirs'],
  ] as const) {
    await eventually('a message of each', () => client.of('message').length >= shared.length);
    expect(client.of('message').map((message) => [message.stream, message.data])).toEqual(
      shared.map((stream) => [stream, data]),
    );
    client.terminate();
  }
});

it('a mark needs no grant, and a stream that may not be named keeps its own sequence', async () => {
  const { client, streamOf } = await appear('a user who may everything');
  for (const named of ['user:SELF', 'user:ada', 'session:SELF']) {
    const stream = streamOf(named);
    expect(await publish(client, stream, 1, 'one')).toBe('forbidden');
    client.send({ type: 'publish', stream, seq: 2, after: 1 });
    expect(await client.next('ack')).toMatchObject({ stream, seq: 2 });
    expect(await publish(client, stream, 3, 'three')).toBe('forbidden');
  }
  expect(await publish(client, 'user', 1, 'first')).toBe('ack');
  expect(await publish(client, 'session', 1, 'first')).toBe('ack');
  client.terminate();
});

describe('calls about sessions', () => {
  const bearerOf = (key: string) =>
    key === 'token' ? here.token('acme', 'ada').then((t) => `Bearer ${t}`) : here.bearer(key);
  // everything: the grants *; prefix: publish on session:*, subscribe on user:a*; foreign: the grants * of another tenant
  it.each([
    ['GET', '/v1/sessions/ADA/connection', { everything: 200, prefix: 403, none: 403, foreign: 404, token: 401 }],
    ['GET', '/v1/sessions', { everything: 200, prefix: 403, none: 403, foreign: 200, token: 401 }],
    ['GET', '/v1/users/ada/sessions', { everything: 200, prefix: 403, none: 403, foreign: 200, token: 401 }],
    ['GET', '/v1/sessions/ADA/data', { everything: 200, prefix: 403, none: 403, foreign: 404, token: 401 }],
    ['PUT', '/v1/sessions/ADA/data/x', { everything: 200, prefix: 200, none: 403, foreign: 404, token: 401 }],
    ['GET', '/v1/sessions/ADA/data/x', { everything: 200, prefix: 403, none: 403, foreign: 404, token: 401 }],
    ['DELETE', '/v1/sessions/ADA/data/x', { everything: 204, prefix: 204, none: 403, foreign: 404, token: 401 }],
    ['DELETE', '/v1/users/ada/sessions', { exact: 200, prefix: 403, none: 403, foreign: 200, token: 401 }],
    ['DELETE', '/v1/sessions/ADA', { none: 403, foreign: 404, token: 401, prefix: 204 }],
  ] as const)('%s %s', async (method, path, outcomes) => {
    const guest = await joinAs(pod.port, await here.token('acme', 'ada'));
    const data = { bearer: here.bearer('everything'), body: { value: 1 } };
    await call(pod.port, 'PUT', `/v1/sessions/${guest.session}/data/x`, data);
    const body = method === 'PUT' ? { value: 1 } : undefined;
    const said: Record<string, number> = {};
    for (const key of Object.keys(outcomes)) {
      const bearer = await bearerOf(key);
      const options = body === undefined ? { bearer } : { bearer, body };
      said[key] = (await call(pod.port, method, path.replace('ADA', guest.session), options)).status;
    }
    expect(said).toEqual(outcomes);
    guest.client.terminate();
  });
});
