import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomId } from '../../src/lib/random-id.js';
import { asPublisherId, asSessionId } from '../../src/protocol/ids.js';
import type { AppendResult } from '../../src/streams/stream-log.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { redisAdmin } from '../support/redis-admin.js';
import { startRedisServer } from '../support/redis-server.js';
import { KeepingSink, room, StreamPod } from '../support/stream-pod.js';
import { TcpGate } from '../support/tcp-gate.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis({ alwaysOwn: true });
const owner = room('acme');
const opened: StreamPod[] = [];
let admin: ReturnType<typeof redisAdmin>;

beforeEach(() => {
  admin = redisAdmin(redis.url);
});
afterEach(() => {
  for (const pod of opened.splice(0)) pod.close();
  admin.disconnect();
});

async function podAt(url: string, prefix = redis.keyPrefix(), appendDeadlineMs = 5_000): Promise<StreamPod> {
  const pod = await StreamPod.start(url, prefix, { appendDeadlineMs });
  opened.push(pod);
  return pod;
}

/** Publishes of one session's publisher, in its order. */
function publisherOn(pod: StreamPod): (seq: number) => Promise<AppendResult> {
  const session = asSessionId(randomId());
  const publisher = asPublisherId(randomId());
  return (seq) => {
    const readAtMs = pod.redis.commands.timeMs(pod.keys.stream(owner).log);
    return pod.log.append(owner, {
      kind: 'publish',
      session,
      publisher,
      seq,
      after: seq - 1,
      data: `"${publisher} ${seq}"`,
      readAtMs,
    });
  };
}
async function content(pod: StreamPod): Promise<readonly string[]> {
  const entries = await admin.xrange(pod.keys.stream(owner).log, '-', '+');
  return entries.map(([, fields]) => JSON.parse(fields[9] ?? '') as string);
}

describe('appends', () => {
  it('of several publishers through two pods each have one effect, in order, while connections are cut', async () => {
    const prefix = redis.keyPrefix();
    const pods = [await podAt(redis.url, prefix), await podAt(redis.url, prefix)];
    const sink = new KeepingSink();
    pods[0]?.live.subscribe(owner, null, sink);
    await eventually('the answer', () => sink.answers.length === 1);
    const publishers = [...pods, ...pods].map(publisherOn);
    const answers: Promise<AppendResult>[] = [];
    for (let seq = 1; seq <= 200; seq += 1) {
      for (const publish of publishers) answers.push(publish(seq));
      if (seq % 10 === 0) await answers.at(-1);
      if (seq % 50 === 0) await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    }
    for (const answer of await Promise.all(answers)) expect(answer.kind).toBe('ack');
    await eventually(
      () => `800 messages, not ${sink.messages.length}`,
      () => sink.messages.length === 800,
    );
    const heard = sink.messages.map(({ data }) => String(data));
    expect(heard).toEqual(await content(pods[0] as StreamPod));
    const sequences = Map.groupBy(heard, (text) => text.split(' ')[0]);
    for (const texts of sequences.values())
      expect(texts.map((text) => Number(text.split(' ')[1]))).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(sink.resets).toEqual([]);
  });

  it('whose answer was lost have had one effect', async () => {
    const gate = await TcpGate.start(redis.url);
    const pod = await podAt(gate.url);
    const publish = publisherOn(pod);
    const send = { kind: 'send', idempotency: randomId(), data: '"sent"' } as const;
    await publish(1);
    gate.swallows = 'answers';
    const answers = Promise.all([publish(2), pod.log.append(owner, send), publish(3)]);
    await eventually('the effect', async () => (await content(pod)).length === 4);
    gate.swallows = 'nothing';
    expect((await answers).map(({ kind }) => kind)).toEqual(['ack', 'sent', 'ack']);
    expect(await content(pod)).toHaveLength(4);
    pod.close();
    await gate.stop();
  });

  it('wait for Redis to come back, and are told "unavailable" at their deadline when it does not', async () => {
    const port = await freePort();
    const server = await startRedisServer({ alwaysOwn: true, port });
    const pod = await podAt(server.url, redis.keyPrefix(), 2_000);
    const publish = publisherOn(pod);
    expect(await publish(1)).toMatchObject({ kind: 'ack' });
    await server.kill();
    const inVain = await Promise.allSettled([publish(2), publish(3)]);
    expect(inVain).toMatchObject([{ reason: { code: 'unavailable' } }, { reason: { code: 'unavailable' } }]);
    const again = publisherOn(pod)(1);
    const back = await startRedisServer({ alwaysOwn: true, port });
    await expect(again).resolves.toMatchObject({ kind: 'ack', position: { offset: 1 } });
    await back.stop();
  });

  it.each([
    ['is a replica', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
    ['has no memory left', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
    [
      'may not write without replicas',
      ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
      ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
    ],
  ])('are repeated while Redis %s', async (_what, [begin = '', ...beginArgs], [end = '', ...endArgs]) => {
    const pod = await podAt(redis.url);
    const publish = publisherOn(pod);
    await publish(1);
    await admin.call(begin, ...beginArgs);
    let settled = false;
    const answers = Promise.all([publish(2), publish(3)]).finally(() => (settled = true));
    await eventually('the first refusal', () => !pod.redis.commands.healthy);
    expect(settled).toBe(false);
    await admin.call(end, ...endArgs);
    expect((await answers).map(({ kind }) => kind)).toEqual(['ack', 'ack']);
    expect(await content(pod)).toHaveLength(3);
  });
});
