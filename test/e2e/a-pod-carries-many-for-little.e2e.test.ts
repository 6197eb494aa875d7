import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { commandsBetween, RedisObserver, sumOf } from '../../bench/redis-counters.js';
import { Server } from '../../bench/server.js';
import type { Grant } from '../../src/protocol/grants.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { inLanes } from '../support/lanes.js';
import { signToken, type TokenSigner } from '../support/load/credentials.js';
import { podEnvironment, quickDrain, writeSecrets } from '../support/pods/pod-environment.js';
import { RawClient } from '../support/raw-client.js';
import { ownBuild } from '../support/stage/build-under-test.js';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';
import { withRedis } from '../support/with-redis.js';

// 10,000 connections and figures beside those of others are in bench/. These are bounds that break when a connection gets
// something more of its own.
const CONNECTIONS = 300;
const WATCHED_MS = 2_000;
/** Beats, canaries, and the sweep of streams while it is watched. */
const POD_COMMANDS = 12;
/** Of a connection with its session it is 3.9 kB; keeping its request alone would be 2 kB more. */
const HEAP_BYTES = 5_200;

const redis = withRedis({ alwaysOwn: true });
let directory: TemporaryDirectory;
let signer: TokenSigner;
let environment: Readonly<Record<string, string>>;
let observer: RedisObserver;
const pods: Server[] = [];
const clients: RawClient[] = [];

beforeEach(async () => {
  observer = new RedisObserver(redis.url);
  directory = await makeTemporaryDirectory('many');
  const secrets = await writeSecrets(directory.path, []);
  signer = secrets.signer;
  const {
    BATON_BEAT_MS: _beat,
    BATON_BEAT_TTL_MS: _ttl,
    ...calm
  } = podEnvironment(
    { url: redis.url, keyPrefix: redis.keyPrefix() },
    { ...quickDrain, handOverMs: 4_000, pacePerReceiver: 1_000, peerReadyMs: 0 },
  );
  environment = { ...calm, ...secrets.environment };
});
afterEach(async () => {
  observer.close();
  for (const client of clients.splice(0)) client.terminate();
  await Promise.all(pods.splice(0).map((pod) => pod.stop()));
  await directory.remove();
});

async function startPod(name: string): Promise<Server> {
  const port = String(await freePort());
  const place = { BATON_POD_NAME: name, BATON_PORT: port, BATON_ADVERTISED_URL: `ws://127.0.0.1:${port}` };
  const pod = await Server.start({ main: ownBuild.pod, environment: { ...environment, ...place }, core: null });
  pods.push(pod);
  return pod;
}

const connectTo = async (url: string, hello: object): Promise<RawClient> => {
  const client = await RawClient.open(`${url}/v1/connect`);
  clients.push(client);
  client.send({ type: 'hello', can: ['overlap'], hops: 0, ...hello });
  return client;
};

/** Each of its own user, following one stream. */
async function connectMany(
  pod: Server,
  who: string,
  count: number,
  stream: string,
  grants?: readonly Grant[],
): Promise<readonly RawClient[]> {
  const url = `ws://127.0.0.1:${pod.port}`;
  const jobs = Array.from({ length: count }, (_, user) => async () => {
    const token = await signToken(signer, 'acme', `${who}-${user}`, grants);
    const client = await connectTo(url, { attempt: 1, token, streams: { [stream]: null }, publisher: `p${user}` });
    await client.next('subscribed');
    return client;
  });
  return Promise.all(inLanes(32, jobs));
}

const writeCallsOf = (pid: number): number =>
  Number(/^syscw: (\d+)/m.exec(readFileSync(join('/proc', String(pid), 'io'), 'utf8'))?.[1]);

describe('a pod with many clients', () => {
  it('asks nothing of Redis for those that are idle, and keeps little for them, here and there', async () => {
    const pod = await startPod('pod-1');
    // What the first ones cost once, such as compiled code and Redis' tables, is not the others'.
    await connectMany(pod, 'first', 700, 'session', []);
    const [empty, before] = [await observer.look(), await pod.memory()];
    await connectMany(pod, 'more', CONNECTIONS, 'session', []);
    const [full, after] = [await observer.look(), await pod.memory()];

    const watchedSinceMs = performance.now();
    await eventually('some seconds', () => performance.now() - watchedSinceMs > WATCHED_MS, { everyMs: 100 });
    expect(sumOf(commandsBetween(full, await observer.look()))).toBeLessThanOrEqual(POD_COMMANDS);
    expect((full.memory - empty.memory) / CONNECTIONS).toBeLessThanOrEqual(1_200);
    expect((after.held - before.held) / CONNECTIONS).toBeLessThanOrEqual(HEAP_BYTES);
  });

  it('writes once to each of them, however many messages a turn brings', async () => {
    const pod = await startPod('pod-1');
    const receivers = await connectMany(pod, 'reader', 100, 'channel:room');
    const publish = (seq: number) => ({ type: 'publish', stream: 'channel:room', seq, after: seq - 1, data: 'x' });
    const burst = Array.from({ length: 64 }, (_, index) => publish(index + 1));
    const before = writeCallsOf(pod.pid);
    receivers[0]?.send(...burst);
    await eventually('everybody to have all', () => receivers.every((each) => each.of('message').length === 64));
    // The burst may come in a few pieces, each of which is a turn; message by message it would be 6,400.
    expect(writeCallsOf(pod.pid) - before).toBeLessThan(1_600);
  });

  it('hands them all over to its peers when it has to go', async () => {
    const leaving = await startPod('leaving');
    await Promise.all([startPod('peer-1'), startPod('peer-2')]);
    const here = await connectMany(leaving, 'traveller', CONNECTIONS, 'session');
    leaving.signal('SIGTERM');
    const moves = here.map((client) => async () => {
      const [{ endpoints }, [{ session, resume } = { session: '', resume: '' }]] = [
        await eventually('to be asked', () => client.of('migrate')[0], { withinMs: 10_000 }),
        client.of('welcome'),
      ];
      const [{ position } = { position: null }] = client.of('subscribed');
      const streams = { session: position };
      const next = await connectTo(endpoints[0] ?? 'nowhere', { attempt: 2, session, resume, streams });
      await next.next('subscribed');
      return client.close();
    });
    const closes = await Promise.all(inLanes(CONNECTIONS, moves));
    expect(closes.filter(({ code, reason }) => code !== 4500 || reason !== '2')).toEqual([]);
    await leaving.exited();
    const finished = leaving.lines.find(({ event }) => event === 'drain.finished');
    expect(finished).toMatchObject({ moved: CONNECTIONS, forced: 0 });
  });
});
