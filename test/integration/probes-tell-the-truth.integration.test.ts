import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { FLEET, type Fleet } from '../../src/fleet/fleet.js';
import { PeersRedis } from '../../src/http/peers-redis.js';
import type { RunningPod } from '../../src/start-pod.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { call, install, joinAs, startPodHere, type Installation } from '../support/in-process-pod.js';
import { startRedisServer } from '../support/redis-server.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
const pods: RunningPod[] = [];
let here: Installation;

beforeAll(async () => {
  here = await install({ url: redis.url, keyPrefix: redis.keyPrefix() }, []);
});
afterEach(async () => {
  await Promise.all(pods.splice(0).map((pod) => pod.close()));
});
afterAll(async () => {
  await here.remove();
});

const probe = (port: number, path: string) => call(port, 'GET', path);
const statuses = async (port: number) =>
  Object.fromEntries(
    await Promise.all(
      ['livez', 'startupz', 'readyz', 'drainz'].map(async (name) => [name, (await probe(port, `/${name}`)).status]),
    ),
  ) as unknown;

async function start(more: Readonly<Record<string, string>> = {}): Promise<RunningPod> {
  const pod = await startPodHere(here.environment, `pod-${pods.length}`, more);
  pods.push(pod);
  return pod;
}

describe('a pod', () => {
  it('that serves is alive, started and ready, and not drained', async () => {
    const { healthPort } = await start();
    expect(await statuses(healthPort)).toEqual({ livez: 200, startupz: 200, readyz: 200, drainz: 503 });
    expect((await probe(healthPort, '/readyz')).body).toEqual({ status: 'ok' });
    expect((await probe(healthPort, '/drainz')).body).toEqual({ status: 'error', phase: 'serving' });
    expect((await probe(healthPort, '/readyz?verbose')).body).toMatchObject({
      status: 'ok',
      details: { startup: { status: 'up' }, redis: { status: 'up', healthy: true }, serving: { status: 'up' } },
    });
  });

  it('that has no Redis yet is alive and not started, and starts once Redis is there', async () => {
    const [redisPort, healthPort] = [await freePort(), await freePort()];
    const starting = start({
      BATON_REDIS_URL: `redis://127.0.0.1:${redisPort}`,
      BATON_HEALTH_PORT: String(healthPort),
    });
    await eventually('the probes to answer before Redis does', async () => {
      const answer = await probe(healthPort, '/startupz?verbose').catch(() => null);
      return JSON.stringify(answer?.body).includes('waiting-for-redis');
    });
    expect(await statuses(healthPort)).toEqual({ livez: 200, startupz: 503, readyz: 503, drainz: 503 });
    const late = await startRedisServer({ port: redisPort, alwaysOwn: true });
    try {
      await starting;
      expect(await statuses(healthPort)).toMatchObject({ startupz: 200, readyz: 200 });
    } finally {
      await Promise.all(pods.splice(0).map((pod) => pod.close()));
      await late.stop();
    }
  });

  it('whose Redis has just gone is alive and still ready', async () => {
    const own = await startRedisServer({ alwaysOwn: true });
    const { healthPort } = await start({ BATON_REDIS_URL: own.url });
    await own.kill();
    await eventually('the loss to be noticed', async () => (await probe(healthPort, '/redisz')).status === 503);
    expect(await statuses(healthPort)).toMatchObject({ livez: 200, startupz: 200, readyz: 200 });
    expect((await fetch(`http://127.0.0.1:${healthPort}/metrics`)).status).toBe(200);
  });

  it('that drains is alive, not ready, says how many are left, and is ready for shutdown when none is', async () => {
    await start();
    const pod = await start({ BATON_DRAIN_HOLD_MS: '60000', BATON_DRAIN_GRACE_MS: '200000', BATON_REVISION: 'old' });
    const { client } = await joinAs(pod.port, await here.token('acme', 'ada'));
    pod.drain.begin('SIGTERM');
    expect(await statuses(pod.healthPort)).toMatchObject({ livez: 200, readyz: 503, drainz: 503 });
    expect((await probe(pod.healthPort, '/readyz')).body).toEqual({ status: 'error', failing: ['serving'] });
    expect((await probe(pod.healthPort, '/drainz')).body).toMatchObject({ status: 'error', remaining: 1 });
    expect((await probe(pod.healthPort, '/drainz?verbose')).body).toMatchObject({
      details: { drain: { status: 'down', remaining: 1, forced: 0, deadlineInMs: expect.any(Number) as unknown } },
    });
    client.terminate();
    await pod.drain.finished;
    expect(await probe(pod.healthPort, '/drainz')).toMatchObject({
      status: 200,
      body: { status: 'ok', phase: 'finished', remaining: 0 },
    });
    expect((await probe(pod.healthPort, '/livez')).status).toBe(200);
  });

  it('that drains asks backends to take their connections elsewhere', async () => {
    const pod = await start();
    const { client } = await joinAs(pod.port, await here.token('acme', 'ada'));
    const keptAlive = async () =>
      (await fetch(`http://127.0.0.1:${pod.port}/v1/x`, { headers: { connection: 'keep-alive' } })).headers.get(
        'connection',
      );
    expect(await keptAlive()).toBe('keep-alive');
    pod.drain.begin('SIGTERM');
    expect(await keptAlive()).toBe('close');
    client.terminate();
  });
});

describe('a pod that lost Redis', () => {
  it('learns from the others whether it is the only one', async () => {
    const own = await startRedisServer({ alwaysOwn: true });
    const reachable = async () => ({
      BATON_REDIS_URL: own.url,
      BATON_POD_IP: '127.0.0.1',
      BATON_HEALTH_PORT: String(await freePort()),
    });
    const pod = await start(await reachable());
    const other = await start(await reachable());
    const peers = new PeersRedis(pod.app.get<Fleet>(FLEET));
    await eventually('the pods to see each other', () => peers.someIsWell());
    await own.kill();
    await eventually('the other pod to say that it lost Redis too', async () => !(await peers.someIsWell()));
    expect(pod.app.get<Fleet>(FLEET).peers()).toMatchObject([{ probeUrl: `http://127.0.0.1:${other.healthPort}` }]);
  });
});

describe('the port of probes', () => {
  it('has nothing else on it, and clients find no probe on theirs', async () => {
    const { port, healthPort } = await start();
    expect((await probe(healthPort, '/v1/messages')).status).toBe(404);
    const wrong = await call(healthPort, 'POST', '/livez');
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    for (const path of ['/livez', '/readyz', '/metrics']) expect((await probe(port, path)).status).toBe(404);
  });

  it('tells metrics of this pod alone, with closed sets of labels', async () => {
    const [one, other] = [await start(), await start()];
    const { client } = await joinAs(one.port, await here.token('acme', 'ada'));
    const metrics = async (pod: RunningPod) => (await fetch(`http://127.0.0.1:${pod.healthPort}/metrics`)).text();
    expect(await metrics(one)).toMatch(/^baton_connections 1$/m);
    expect(await metrics(other)).toMatch(/^baton_connections 0$/m);
    expect(await metrics(one)).toMatch(/^baton_redis_up 1$/m);
    expect(await metrics(one)).toMatch(/^baton_drain_phase\{phase="serving"\} 1$/m);
    expect(await metrics(one)).toMatch(/^baton_build_info\{version="\d+\.\d+\.\d+",revision="local"\} 1$/m);
    await eventually('the pods to see each other', async () =>
      (await metrics(one)).includes('baton_peers{state="serving",revision="local"} 1'),
    );
    client.terminate();
  });
});
