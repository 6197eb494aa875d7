import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/load-config.js';
import { startPod, type RunningPod } from '../../src/start-pod.js';
import { eventually } from '../support/eventually.js';
import { call, install, type Installation } from '../support/in-process-pod.js';
import { RawClient } from '../support/raw-client.js';
import { redisAdmin } from '../support/redis-admin.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis({ alwaysOwn: true });
const ttlMs = 400;
let keyPrefix: string;
let here: Installation;
let pod: RunningPod;
let admin: ReturnType<typeof redisAdmin>;

beforeAll(async () => {
  keyPrefix = redis.keyPrefix();
  here = await install({ url: redis.url, keyPrefix }, [
    { id: 'all', tenant: 'acme', grants: [{ stream: '*', can: ['presence'] }] },
  ]);
  admin = redisAdmin(redis.url);
  const { NODE_ENV: _unused, ...settings } = here.environment;
  // Times that no operator may set: a life of a session in a blink.
  const config = { ...loadConfig(settings), sessions: { ttlMs, sweepMs: 100 } };
  pod = await startPod({ ...config, streams: { ...config.streams, windowMs: 500 } });
});
afterAll(async () => {
  admin.disconnect();
  await pod.close();
  await here.remove();
});

async function hello(): Promise<{ readonly client: RawClient; readonly session: string }> {
  const client = await RawClient.open(`ws://127.0.0.1:${pod.port}/v1/connect`);
  const token = await here.token('acme', 'ada');
  client.send({ type: 'hello', attempt: 1, token, streams: { 'channel:x': null }, publisher: 'p', can: [], hops: 0 });
  const { session } = await client.next('welcome');
  await client.next('subscribed');
  return { client, session };
}

const refreshed = async (key: string): Promise<void> => {
  const before = await admin.pttl(key);
  expect(before).toBeGreaterThan(0);
  let last = before;
  await eventually(`the sweep to refresh ${key}`, async () => {
    const now = await admin.pttl(key);
    const rose = now > last;
    last = now;
    return rose;
  });
};

describe('of a client that is connected and silent', () => {
  it('the row, the top of its stream and its sequences live on, sweep after sweep', async () => {
    const { client, session } = await hello();
    client.send({ type: 'publish', stream: 'channel:x', seq: 1, after: 0, data: 1 });
    await client.next('ack');
    const since = performance.now();
    await refreshed(`${keyPrefix}{acme/s/${session}}:row`);
    await refreshed(`${keyPrefix}{acme/c/x}:top`);
    await refreshed(`${keyPrefix}{acme/c/x}:pub:${session}/p`);
    await eventually('three lives of a session to pass', () => performance.now() - since > 3 * ttlMs);
    client.send({ type: 'publish', stream: 'channel:x', seq: 2, after: 1, data: 2 });
    expect(await client.next('ack')).toMatchObject({ seq: 2 });
    client.terminate();
  });

  it("the session is told to be nobody's once its socket has closed in the middle of checks", async () => {
    const { client, session } = await hello();
    client.terminate();
    await eventually('the registry to say so', async () => {
      const answer = await call(pod.port, 'GET', `/v1/sessions/${session}/connection`, { bearer: here.bearer('all') });
      return answer.status === 404 || !(answer.body as { connected: boolean }).connected;
    });
    await eventually('the row to expire', async () => {
      const exists = await admin.exists(`${keyPrefix}{acme/s/${session}}:row`);
      return exists === 0;
    });
  });
});

describe('after pub/sub was cut', () => {
  it('a client is asked to mark its streams, and loses nothing', async () => {
    const { client } = await hello();
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    expect((await client.next('probe')).withinMs).toBeGreaterThan(0);
    client.send({ type: 'publish', stream: 'channel:x', seq: 1, after: 0, data: 'after' });
    expect(await client.next('message')).toMatchObject({ data: 'after' });
    client.terminate();
  });
});
