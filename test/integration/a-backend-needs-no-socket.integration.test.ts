import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Backend, BackendError, type ReadMessage } from '../../src/client/backend/index.js';
import type { RunningPod } from '../../src/start-pod.js';
import { eventually } from '../support/eventually.js';
import { install, joinAs, startPodHere, type Installation } from '../support/in-process-pod.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
let here: Installation;
let pod: RunningPod;
let backend: Backend;
let onlyRooms: Backend;

beforeAll(async () => {
  here = await install({ url: redis.url, keyPrefix: redis.keyPrefix() }, [
    { id: 'all', tenant: 'acme', grants: [{ stream: '*', can: ['publish', 'subscribe', 'presence'] }] },
    { id: 'rooms', tenant: 'acme', grants: [{ stream: 'channel:room-*', can: ['publish'] }] },
  ]);
  pod = await startPodHere(here.environment, 'pod-a');
  const with_ = (id: string) =>
    new Backend({ url: `http://127.0.0.1:${pod.port}`, apiKey: here.bearer(id).replace('Bearer ', '') });
  [backend, onlyRooms] = [with_('all'), with_('rooms')];
});
afterAll(async () => {
  await pod.close();
  await here.remove();
});

it('it sends once with one key, and is told why not', async () => {
  const sending = { to: { channel: 'once' }, data: { n: 1 }, idempotencyKey: 'order-7' };
  expect(await backend.send(sending)).toEqual({ offset: 1, repeated: false });
  expect(await backend.send(sending)).toEqual({ offset: 1, repeated: true });
  await expect(onlyRooms.send(sending)).rejects.toMatchObject({ name: 'BackendError', code: 'forbidden', status: 403 });
});

it('it reads what is published from now on, and later goes on where it was', async () => {
  const first: ReadMessage[] = [];
  const stop = new AbortController();
  const reading = (async () => {
    for await (const message of backend.read('channel:orders', { signal: stop.signal })) first.push(message);
  })();
  reading.catch(() => undefined);
  // The reader says nothing of when it has begun: what is sent until it has its first message counts.
  let sent = 0;
  await eventually('a message', async () => {
    await backend.send({ to: { channel: 'orders' }, data: { n: (sent += 1) } });
    return first.length > 0;
  });
  stop.abort();
  await expect(reading).rejects.toThrow();
  const [{ after, offset } = { after: '', offset: 0 }] = first;
  await backend.send({ to: { channel: 'orders' }, data: 'last' });
  const later: number[] = [];
  for await (const message of backend.read('channel:orders', { after })) {
    later.push(message.offset);
    if (message.data === 'last') break;
  }
  expect(later).toEqual(Array.from({ length: sent + 1 - offset }, (_, index) => offset + 1 + index));
});

it('it is told of a gap', async () => {
  const reader = backend.read('channel:orders', { after: '1:unknown' });
  const error: unknown = await reader.next().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(BackendError);
  expect(error).toMatchObject({ code: 'reset', after: expect.stringMatching(/^\d+:.+/) as unknown });
});

it('it lists, finds and ends sessions, and keeps data with them', async () => {
  const ada = await joinAs(pod.port, await here.token('acme', 'ada'));
  const bob = await joinAs(pod.port, await here.token('acme', 'bob'));
  const found: string[] = [];
  for await (const { session } of backend.sessions.list({ user: 'ada' })) found.push(session);
  expect(found).toEqual([ada.session]);
  expect(await backend.sessions.get(ada.session)).toMatchObject({
    user: 'ada',
    connected: true,
    pod: { name: 'pod-a' },
  });

  const data = backend.sessions.data(ada.session);
  expect(await data.put('cart', { items: 2 }, { version: 0 })).toBe(1);
  await expect(data.put('cart', {}, { version: 0 })).rejects.toMatchObject({ code: 'conflict' });
  expect(await data.get('cart')).toEqual({ value: { items: 2 }, version: 1 });
  expect(await data.list()).toEqual([{ field: 'cart', version: 1, bytes: 11 }]);
  await data.delete('cart', { version: 1 });
  expect(await data.get('cart')).toBeNull();

  expect(await backend.sessions.end(bob.session)).toBe(true);
  expect(await backend.sessions.end(bob.session)).toBe(false);
  expect(await backend.sessions.endAll('ada')).toBe(1);
  expect(await backend.sessions.get(ada.session)).toBeNull();
  ada.client.terminate();
  bob.client.terminate();
});
