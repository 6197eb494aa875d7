import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunningPod } from '../../src/start-pod.js';
import { eventually } from '../support/eventually.js';
import { call, install, joinAs, startPodHere, type Installation } from '../support/in-process-pod.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
const pods: RunningPod[] = [];
let here: Installation;

beforeAll(async () => {
  here = await install({ url: redis.url, keyPrefix: redis.keyPrefix() }, [
    { id: 'all', tenant: 'acme', grants: [{ stream: '*', can: ['publish', 'subscribe', 'presence'] }] },
    { id: 'rooms', tenant: 'acme', grants: [{ stream: 'channel:room-*', can: ['publish'] }] },
  ]);
  pods.push(await startPodHere(here.environment, 'pod-a'), await startPodHere(here.environment, 'pod-b'));
});
afterAll(async () => {
  await Promise.all(pods.map((pod) => pod.close()));
  await here.remove();
});

const port = (index = 0): number => pods[index]?.port ?? 0;
const send = (body: unknown, options: { bearer?: string; key?: string; pod?: number } = {}) =>
  call(port(options.pod), 'POST', '/v1/messages', {
    bearer: options.bearer ?? here.bearer('all'),
    body,
    headers: options.key === undefined ? {} : { 'idempotency-key': options.key },
  });

describe('a message of a backend', () => {
  it.each([
    ['a channel', 'channel:news', () => ({ channel: 'news' })],
    ['a user', 'user', () => ({ user: 'ada' })],
    ['the tenant', 'tenant', () => ({ tenant: true })],
    ['a session', 'session', (session: string) => ({ session })],
  ])('to %s entered at one pod reaches a client of the other', async (_what, stream, to) => {
    const { client, session } = await joinAs(port(1), await here.token('acme', 'ada'), [stream]);
    const answer = await send({ to: to(session), data: { text: 'hello' } });
    expect(answer).toMatchObject({ status: 201, body: { repeated: false } });
    expect(await client.next('message')).toMatchObject({ stream, data: { text: 'hello' } });
    client.terminate();
  });

  it('is one message however often it is sent with the same Idempotency-Key, at any pod', async () => {
    const { client } = await joinAs(port(), await here.token('acme', 'ada'), ['channel:once']);
    const to = { channel: 'once' };
    const first = await send({ to, data: 1 }, { key: 'order-7' });
    const again = await send({ to, data: 1 }, { key: 'order-7', pod: 1 });
    const other = await send({ to, data: 2 }, { key: 'order-8' });
    expect([first, again, other].map(({ status }) => status)).toEqual([201, 200, 201]);
    expect(again.body).toEqual({ offset: 1, repeated: true });
    await eventually('both messages to arrive', () => client.of('message').length >= 2);
    expect(client.of('message').map(({ data }) => data)).toEqual([1, 2]);
    client.terminate();
  });

  it('without a key is a message each time, and one key means something to its own API key only', async () => {
    const to = { channel: 'room-1' };
    const offsets = [
      await send({ to, data: 1 }),
      await send({ to, data: 1 }),
      await send({ to, data: 1 }, { key: 'k' }),
      await send({ to, data: 1 }, { key: 'k', bearer: here.bearer('rooms') }),
    ].map(({ body }) => (body as { offset: number }).offset);
    expect(offsets).toEqual([1, 2, 3, 4]);
  });

  it('is refused without a grant for that very stream', async () => {
    const bearer = here.bearer('rooms');
    expect((await send({ to: { channel: 'room-2' }, data: 1 }, { bearer })).status).toBe(201);
    for (const to of [{ channel: 'hall' }, { user: 'ada' }, { session: 'x' }, { tenant: true }])
      expect(await send({ to, data: 1 }, { bearer })).toMatchObject({
        status: 403,
        body: { error: { code: 'forbidden' } },
      });
  });

  it('may be as large as its frame may be, and not larger', async () => {
    const dataOf = (bytes: number) => 'x'.repeat(bytes - 2);
    const { client } = await joinAs(port(), await here.token('acme', 'ada'), ['channel:large']);
    const to = { channel: 'large' };
    expect((await send({ to, data: dataOf(65_024) })).status).toBe(201);
    expect(JSON.stringify(await client.next('message')).length).toBeLessThanOrEqual(65_536);
    expect(await send({ to, data: dataOf(65_025) })).toMatchObject({
      status: 413,
      body: { error: { code: 'too-big' } },
    });
    client.terminate();
  });

  it.each([
    ['no body', undefined, 'the body must be JSON, sent as application/json'],
    ['half a body', '{"to":', 'the body is not JSON'],
    ['no data', { to: { tenant: true } }, 'data: is required'],
    ['an unknown field', { to: { tenant: true }, data: 1, ttl: 5 }, 'ttl'],
    ['two targets', { to: { tenant: true, user: 'ada' }, data: 1 }, 'to: must be one of'],
    ['a name that could leave its key', { to: { user: 'a}b' }, data: 1 }, 'to: must be one of'],
    ['a number that nothing keeps', '{"to":{"tenant":true},"data":[1e400]}', 'too large'],
    ['a number that would be another', '{"to":{"tenant":true},"data":9007199254740993}', 'beyond 2^53'],
    ['JSON that nests too deep', { to: { tenant: true }, data: nested(40) }, 'nests deeper'],
  ])('with %s is a bad request that says what is wrong', async (_what, body, sentence) => {
    expect(await send(body)).toMatchObject({
      status: 400,
      body: { error: { code: 'bad-request', message: expect.stringContaining(sentence) as unknown } },
    });
  });

  it('with an Idempotency-Key that no log could show is a bad request', async () => {
    const body = { to: { tenant: true }, data: 1 };
    expect((await send(body, { key: 'a b' })).status).toBe(400);
    expect((await send(body, { key: 'k'.repeat(129) })).status).toBe(400);
    expect((await send(body, { key: 'k'.repeat(128) })).status).toBe(201);
  });
});

/** What the HTTP client of Java says first: HTTP/2, if the server wants it. */
it('a backend that offers HTTP/2 is answered over HTTP/1.1', async () => {
  const body = JSON.stringify({ to: { channel: 'news' }, data: 1 });
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(port(), '127.0.0.1', () => {
      socket.write(
        `POST /v1/messages HTTP/1.1\r\nHost: a\r\nAuthorization: ${here.bearer('all')}\r\n` +
          'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAA\r\n' +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    });
    socket.once('data', (data: Buffer) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('error', reject);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 201 /);
});

describe('the registry', () => {
  const lookup = (session: string, pod = 0) =>
    call(port(pod), 'GET', `/v1/sessions/${session}/connection`, { bearer: here.bearer('all') });

  it('tells at any pod where a session is connected, and no longer once it is not', async () => {
    const { client, session } = await joinAs(port(1), await here.token('acme', 'ada'));
    const rows = await Promise.all([lookup(session, 0), lookup(session, 1)]);
    for (const { body } of rows)
      expect(body).toMatchObject({ session, user: 'ada', connected: true, attempt: 1, pod: { name: 'pod-b' } });
    expect(rows[0].body).toEqual(rows[1].body);
    client.terminate();
    const gone = await eventually('the row to be detached', async () => {
      const { body } = await lookup(session);
      return (body as { connected: boolean }).connected ? null : body;
    });
    expect(gone).toMatchObject({ session, user: 'ada', connected: false, connection: null, pod: null });
  });

  it('forgets a session that a backend has ended, and its client is told', async () => {
    const { client, session } = await joinAs(port(1), await here.token('acme', 'ada'));
    const path = `/v1/sessions/${session}`;
    const bearer = here.bearer('all');
    expect((await call(port(), 'DELETE', path, { bearer })).status).toBe(204);
    expect((await client.close()).code).toBe(4010);
    expect((await lookup(session)).status).toBe(404);
    expect((await call(port(), 'DELETE', path, { bearer })).status).toBe(404);
  });

  it('lists the sessions of a user and of the tenant, page by page, wherever they are connected', async () => {
    const user = 'team/lin';
    const path = `/v1/users/${encodeURIComponent(user)}/sessions`;
    const bearer = here.bearer('all');
    const joined = await Promise.all([0, 1, 1].map(async (pod) => joinAs(port(pod), await here.token('acme', user))));
    const all = joined.map(({ session }) => session).sort();
    const { body } = await call(port(), 'GET', path, { bearer });
    const { sessions, next } = body as Listed;
    expect(sessions.map(({ session }) => session).sort()).toEqual(all);
    expect(next).toBeNull();
    expect(sessions).toContainEqual((await lookup(all[0] ?? '')).body);
    const seen = new Set<string>();
    for (let after: string | null = ''; after !== null;) {
      const query = `?limit=2${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`;
      const page = (await call(port(1), 'GET', `/v1/sessions${query}`, { bearer })).body as Listed;
      expect(page.sessions.length).toBeLessThanOrEqual(2);
      for (const { session } of page.sessions) seen.add(session);
      after = page.next;
    }
    expect([...seen]).toEqual(expect.arrayContaining(all));
    for (const { client } of joined) client.terminate();
  });

  it.each(['?limit=0', '?limit=201', '?limit=x', '?after=x', '?limit=1&limit=2'])(
    'refuses to list %s',
    async (query) => {
      const answer = await call(port(), 'GET', `/v1/sessions${query}`, { bearer: here.bearer('all') });
      expect(answer).toMatchObject({ status: 400, body: { error: { code: 'bad-request' } } });
    },
  );

  it.each(['/v1/sessions', '/v1/users/ada/sessions'])('does not list %s without a grant', async (path) => {
    const answer = await call(port(), 'GET', path, { bearer: here.bearer('rooms') });
    expect(answer).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
  });

  it('is closed to an API key without a grant for sessions', async () => {
    const answer = await call(port(), 'GET', '/v1/sessions/x/connection', { bearer: here.bearer('rooms') });
    expect(answer).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
  });
});

describe('the data of a session', () => {
  it('is written by compare and set, with the version in the body or in If-Match', async () => {
    const { client, session } = await joinAs(port(), await here.token('acme', 'ada'));
    const path = `/v1/sessions/${session}/data/cart`;
    const bearer = here.bearer('all');
    const put = (body: object, headers: Record<string, string> = {}, pod = 0) =>
      call(port(pod), 'PUT', path, { bearer, body, headers });
    expect((await call(port(), 'GET', path, { bearer })).status).toBe(404);
    expect(await put({ value: { items: 1 }, version: 0 })).toMatchObject({ status: 200, body: { version: 1 } });
    expect(await put({ value: { items: 2 } }, { 'if-match': '"1"' }, 1)).toMatchObject({ body: { version: 2 } });
    expect(await put({ value: { items: 9 }, version: 1 })).toMatchObject({
      status: 409,
      body: { error: { code: 'conflict', message: 'the stored version is 2' } },
    });
    const read = await call(port(1), 'GET', path, { bearer });
    expect(read).toMatchObject({ status: 200, body: { value: { items: 2 }, version: 2 } });
    expect(read.headers.get('etag')).toBe('"2"');
    expect((await put({ value: 3, version: 2 }, { 'if-match': '"1"' })).status).toBe(400);
    expect(await put({ value: 3 })).toMatchObject({ status: 200, body: { version: 3 } });
    client.terminate();
  });

  it('is listed, and deleted by compare and set', async () => {
    const { client, session } = await joinAs(port(), await here.token('acme', 'ada'));
    const data = `/v1/sessions/${session}/data`;
    const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: object) =>
      call(port(), method, path, { bearer: here.bearer('all'), headers, body });
    expect(await ask('GET', data)).toMatchObject({ status: 200, body: { fields: [] } });
    await ask('PUT', `${data}/cart`, {}, { value: [1] });
    await ask('PUT', `${data}/a%2Fb`, {}, { value: 'x' });
    const fields = [
      { field: 'a/b', version: 1, bytes: 3 },
      { field: 'cart', version: 1, bytes: 3 },
    ];
    expect((await ask('GET', data)).body).toEqual({ fields });
    expect(await ask('DELETE', `${data}/cart`, { 'if-match': '"2"' })).toMatchObject({
      status: 409,
      body: { error: { code: 'conflict', message: 'the stored version is 1' } },
    });
    for (const _repeat of [1, 2]) expect((await ask('DELETE', `${data}/cart`, { 'if-match': '"1"' })).status).toBe(204);
    expect((await ask('GET', `${data}/cart`)).status).toBe(404);
    expect((await ask('DELETE', `${data}/cart`)).status).toBe(204);
    expect(await ask('PUT', `${data}/cart`, {}, { value: 1, version: 0 })).toMatchObject({ body: { version: 2 } });
    client.terminate();
  });

  it.each(['{"value":1e400}', '{"value":{"id":9007199254740993}}'])('is refused as %s', async (body) => {
    const { client, session } = await joinAs(port(), await here.token('acme', 'ada'));
    const answer = await call(port(), 'PUT', `/v1/sessions/${session}/data/n`, { bearer: here.bearer('all'), body });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'bad-request' } } });
    client.terminate();
  });

  it('is refused when it nests deeper than data may', async () => {
    const { client, session } = await joinAs(port(), await here.token('acme', 'ada'));
    const body = `{"value":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
    const answer = await call(port(), 'PUT', `/v1/sessions/${session}/data/deep`, { bearer: here.bearer('all'), body });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'bad-request' } } });
    client.terminate();
  });
});

interface Listed {
  readonly sessions: readonly { readonly session: string }[];
  readonly next: string | null;
}

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}
