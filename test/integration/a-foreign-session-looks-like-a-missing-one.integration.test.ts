import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { RunningPod } from '../../src/start-pod.js';
import { install, joinAs, startPodHere, type Installation } from '../support/in-process-pod.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
const everything = [{ stream: '*', can: ['publish', 'subscribe', 'presence'] }] as const;
let here: Installation;
let pod: RunningPod;

beforeAll(async () => {
  here = await install({ url: redis.url, keyPrefix: redis.keyPrefix() }, [
    { id: 'acme', tenant: 'acme', grants: everything },
    { id: 'other', tenant: 'other', grants: everything },
  ]);
  pod = await startPodHere(here.environment, 'pod-a');
});
afterAll(async () => {
  await pod.close();
  await here.remove();
});

const missing = 'AAAAAAAAAAAAAAAAAAAAAA';

it.each([
  ['the look-up', 'GET', (session: string) => `/v1/sessions/${session}/connection`, undefined],
  ['reading data', 'GET', (session: string) => `/v1/sessions/${session}/data/cart`, undefined],
  ['writing data', 'PUT', (session: string) => `/v1/sessions/${session}/data/cart`, () => ({ value: 1 })],
  ['deleting data', 'DELETE', (session: string) => `/v1/sessions/${session}/data/cart`, undefined],
  ['listing data', 'GET', (session: string) => `/v1/sessions/${session}/data`, undefined],
  ['ending it', 'DELETE', (session: string) => `/v1/sessions/${session}`, undefined],
  ['reading its stream', 'GET', (session: string) => `/v1/streams/session:${session}/messages`, undefined],
  ['sending to it', 'POST', () => '/v1/messages', (session: string) => ({ to: { session }, data: 1 })],
] as const)('%s answers the same bytes', async (_what, method, path, body) => {
  const { client, session } = await joinAs(pod.port, await here.token('acme', 'ada'));
  const ask = (caller: string, id: string) =>
    rawAnswer(pod.port, method, path(id), here.bearer(caller), body === undefined ? undefined : body(id));
  const foreign = await ask('other', session);
  expect(foreign).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
  expect(foreign).toBe(await ask('other', missing));
  const isReading = path(missing).startsWith('/v1/streams');
  if (method === 'GET' && !isReading) expect(foreign).toBe(await ask('other', 'not%20an%20id'));
  client.terminate();
});

it('a user of another tenant has as few sessions as one that nobody knows', async () => {
  const { client } = await joinAs(pod.port, await here.token('acme', 'ada'));
  const ask = (caller: string, path: string) => rawAnswer(pod.port, 'GET', path, here.bearer(caller));
  expect(await ask('acme', '/v1/users/ada/sessions')).toContain('"user":"ada"');
  const foreign = await ask('other', '/v1/users/ada/sessions');
  expect(foreign).toContain('{"sessions":[],"next":null}');
  expect(foreign).toBe(await ask('other', '/v1/users/nobody/sessions'));
  expect(foreign).toBe(await ask('other', '/v1/sessions'));
  const ended = await rawAnswer(pod.port, 'DELETE', '/v1/users/ada/sessions', here.bearer('other'));
  expect(ended).toContain('{"ended":0}');
  expect(ended).toBe(await rawAnswer(pod.port, 'DELETE', '/v1/users/nobody/sessions', here.bearer('other')));
  expect(client.closed).toBeNull();
  client.terminate();
});

it('so do paths that are nobody’s, before any key is looked at', async () => {
  const unknown = await rawAnswer(pod.port, 'GET', '/v1/session', 'Bearer nonsense');
  expect(unknown).toBe(await rawAnswer(pod.port, 'GET', '/admin', here.bearer('acme')));
  expect(unknown).toBe(await rawAnswer(pod.port, 'GET', `/v1/sessions/${missing}/connection`, here.bearer('acme')));
});

it.each([
  ['no key', {}],
  ['a key of nobody', { bearer: 'Bearer nobody.secret' }],
  ['a wrong secret', { bearer: 'Bearer acme.wrong' }],
  ['another scheme', { bearer: 'Basic YWNtZTp4' }],
])('%s is 401 with the same bytes', async (_what, { bearer }: { bearer?: string }) => {
  const answer = await rawAnswer(pod.port, 'GET', `/v1/sessions/${missing}/connection`, bearer);
  expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n[^]*WWW-Authenticate: Bearer\r\n/);
  expect(answer).toBe(await rawAnswer(pod.port, 'DELETE', `/v1/sessions/${missing}`));
});

/** Every byte of the answer except the time of day. */
async function rawAnswer(port: number, method: string, path: string, bearer?: string, body?: unknown): Promise<string> {
  const content = body === undefined ? '' : JSON.stringify(body);
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: baton',
    'Connection: close',
    ...(bearer === undefined ? [] : [`Authorization: ${bearer}`]),
    ...(content === '' ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(content)}`]),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${content}`);
  await once(socket, 'close');
  return Buffer.concat(chunks)
    .toString()
    .replace(/^Date: .*\r\n/m, '');
}
