import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type Client, type Json, type Message } from '../../src/client/index.js';
import type { RunningPod } from '../../src/start-pod.js';
import { eventually } from '../support/eventually.js';
import { install, startPodHere, type Installation } from '../support/in-process-pod.js';
import { RawClient } from '../support/raw-client.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
const stream = 'user';
let here: Installation;
let pod: RunningPod;
let client: Client;
const seen: Message[] = [];

beforeAll(async () => {
  here = await install({ url: redis.url, keyPrefix: redis.keyPrefix() }, []);
  pod = await startPodHere(here.environment, 'pod-a');
  client = connect({ url: `ws://127.0.0.1:${pod.port}`, token: await here.token('acme', 'ada') });
  await client.subscribe(stream, (message) => seen.push(message)).ready;
});
afterAll(async () => {
  await client.close();
  await pod.close();
  await here.remove();
});

const keys = (count: number): Json => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at]));
const nested = (depth: number): Json => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as Json;

describe('data', () => {
  it('of 1,000 keys or 32 deep is published, with one more it is refused, and the sequence goes on', async () => {
    const good = [keys(995), keys(996), keys(999), keys(1_000), nested(31), nested(32)];
    for (const data of good) await client.publish(stream, data);
    await expect(client.publish(stream, keys(1_001))).rejects.toMatchObject({ code: 'bad-frame' });
    await expect(client.publish(stream, nested(33))).rejects.toMatchObject({ code: 'bad-frame' });
    await client.publish(stream, 'last');
    await eventually('the last', () => seen.at(-1)?.data === 'last');
    expect(seen.map(({ data }) => data)).toEqual([...good, 'last']);
  });

  it('that another client sends all the same is refused for good, and what follows is taken', async () => {
    const raw = await RawClient.open(`ws://127.0.0.1:${pod.port}/v1/connect`);
    const token = await here.token('acme', 'grace');
    raw.send({ type: 'hello', attempt: 1, token, streams: {}, publisher: 'publisher-1', can: [], hops: 0 });
    await raw.next('welcome');
    raw.send({ type: 'publish', stream, seq: 1, after: 0, data: keys(1_001) });
    expect(await raw.next('refused')).toEqual({ type: 'refused', stream, seq: 1, code: 'bad-frame' });
    const deep = '['.repeat(30_000) + ']'.repeat(30_000);
    raw.sendRaw(`{"type":"publish","stream":"${stream}","seq":2,"after":1,"data":${deep}}`);
    expect(await raw.next('refused')).toEqual({ type: 'refused', stream, seq: 2, code: 'bad-frame' });
    raw.send({ type: 'publish', stream, seq: 3, after: 2, data: keys(1_000) });
    expect(await raw.next('ack')).toMatchObject({ stream, seq: 3 });
    raw.send({ type: 'bye' });
    await raw.close();
  });
});
