import { createServer, connect, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Outbox } from '../../src/connections/outbox.js';
import { TurnFlusher } from '../../src/connections/turn-flusher.js';
import { randomId } from '../../src/lib/random-id.js';
import type { FrameWriter } from '../../src/messaging/frame-writer.js';
import type { SessionIdentity } from '../../src/messaging/session-identity.js';
import { SessionSubscriptions } from '../../src/messaging/session-subscriptions.js';
import type { ServerFrame } from '../../src/protocol/frames.js';
import type { RunningPod } from '../../src/start-pod.js';
import { eventually } from '../support/eventually.js';
import { install, joinAs, startPodHere, type Installation } from '../support/in-process-pod.js';
import { RawClient } from '../support/raw-client.js';
import { parseFrames, room, StreamPod } from '../support/stream-pod.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
/** A machine that is busy is no fault of Redis. */
const patient = { canaryMs: 5_000, commandTimeoutMs: 5_000 };
const MIB = 1_048_576;
/** More than the kernel keeps for a connection that nobody reads. */
const DATA = 'x'.repeat(16_000);
const COUNT = 1_000;

const identity = {
  tenant: 'acme',
  session: 's1',
  user: 'ann',
  publisher: null,
  grants: [{ stream: 'channel:*', can: ['subscribe'] }],
} as unknown as SessionIdentity;

/** A socket with the product's queue and subscriptions, and the other end of it. */
class SlowSocket {
  readonly received: Buffer[] = [];
  receivedBytes = 0;
  private pauseAt = Infinity;
  mostQueued = 0;
  timesSlow = 0;
  readonly trouble: string[] = [];
  private readonly outbox: Outbox;

  constructor(
    server: Socket,
    private readonly client: Socket,
    pod: StreamPod,
    queueBytes: number,
  ) {
    this.outbox = new Outbox(server, new TurnFlusher(), queueBytes, {
      overflowed: () => void this.trouble.push('overflow'),
    });
    for (const end of [server, client]) end.on('error', () => undefined);
    client.pause();
    client.on('data', (bytes) => {
      this.received.push(bytes);
      this.receivedBytes += bytes.length;
      if (this.receivedBytes >= this.pauseAt) client.pause();
    });
    const ports = {
      live: pod.live,
      streamsPerSession: 1,
      onReset: (reason: string) => void this.trouble.push(`reset ${reason}`),
      onSlow: () => void (this.timesSlow += 1),
      onFailed: () => void this.trouble.push('failed'),
    };
    new SessionSubscriptions(ports, this.writer(), identity).subscribe('channel:room', null);
  }

  read(): void {
    this.client.resume();
  }
  /** Once it has received so many bytes in all, it stops again. */
  readUpTo(bytes: number): void {
    this.pauseAt = bytes;
    this.client.resume();
  }
  get frames(): readonly ServerFrame[] {
    return parseFrames(Buffer.concat(this.received)) as unknown as readonly ServerFrame[];
  }
  destroy(): void {
    this.outbox.discard();
    this.client.destroy();
  }

  private writer(): FrameWriter {
    const { outbox } = this;
    return {
      send: (frame) => {
        outbox.pushText(JSON.stringify(frame));
      },
      sendShared: (frames) => {
        const taken = outbox.pushShared(frames);
        this.mostQueued = Math.max(this.mostQueued, outbox.bytes);
        return taken;
      },
      whenDrained: (run) => {
        outbox.whenDrained(run);
      },
      beforeWrite: (run) => {
        outbox.beforeWrite(run);
      },
      close: (code) => void this.trouble.push(code),
      pauseReading: () => undefined,
      resumeReading: () => undefined,
    };
  }
}

describe('a reader that is slower than its stream', () => {
  let pod: StreamPod;
  let server: Server;
  const sockets: SlowSocket[] = [];

  beforeEach(async () => {
    pod = await StreamPod.start(
      redis.url,
      redis.keyPrefix(),
      { windowMessages: 10_000, windowBytes: 64 * MIB },
      patient,
    );
    server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server.close();
    pod.close();
  });

  async function slowSocket(queueBytes: number): Promise<SlowSocket> {
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const address = await eventually('the server', () => server.address());
    const client = connect(typeof address === 'string' ? 0 : address.port, '127.0.0.1');
    const socket = new SlowSocket(await accepted, client, pod, queueBytes);
    sockets.push(socket);
    return socket;
  }

  it('costs the pod no more than its queue, and gets everything once, in order, when it reads again', async () => {
    const slow = await slowSocket(MIB);
    const stuttering = await slowSocket(MIB);
    const fast = await slowSocket(MIB);
    fast.read();
    await eventually('the answer', () => fast.receivedBytes > 0);
    for (let sent = 0; sent < COUNT; sent += 50) {
      await Promise.all(Array.from({ length: 50 }, () => send()));
      stuttering.readUpTo((sent + 50) * 8_000);
    }
    const all = COUNT * DATA.length;
    await eventually('the fast one to have all', () => fast.receivedBytes > all, { withinMs: 15_000 });
    expect(slow.receivedBytes).toBe(0);
    expect(slow.timesSlow).toBe(1);
    for (const late of [slow, stuttering]) {
      late.readUpTo(Infinity);
      await eventually('a slow one to have all', () => late.receivedBytes > all, { withinMs: 15_000 });
    }
    for (const { frames, mostQueued, trouble } of [slow, stuttering, fast]) {
      const offsets = frames.flatMap((frame) => (frame.type === 'message' ? [frame.offset] : []));
      expect(offsets).toEqual(Array.from({ length: COUNT }, (_, index) => index + 1));
      expect(frames.filter(({ type }) => type !== 'message').map(({ type }) => type)).toEqual(['subscribed']);
      expect(mostQueued).toBeLessThanOrEqual(MIB);
      expect(trouble).toEqual([]);
    }
  });

  const send = () =>
    pod.log.append(room('acme'), { kind: 'send', idempotency: randomId(), data: JSON.stringify(DATA) });
});

describe('a reader that is slower than the window', () => {
  let here: Installation;
  let pod: RunningPod;

  beforeAll(async () => {
    here = await install({ url: redis.url, keyPrefix: redis.keyPrefix() }, []);
    pod = await startPodHere(here.environment, 'pod-a');
  });
  afterAll(async () => {
    await pod.close();
    await here.remove();
  });

  it('is closed 4008, and its resume brings the reset', async () => {
    const token = await here.token('acme', 'ada');
    const { client, session } = await joinAs(pod.port, token, ['channel:slow']);
    client.pause();
    const url = `ws://127.0.0.1:${pod.port}/v1/connect`;
    const writer = await RawClient.open(url);
    writer.send({ type: 'hello', attempt: 1, token, streams: {}, publisher: 'p1', can: ['overlap'], hops: 0 });
    await writer.next('welcome');
    for (let seq = 1; seq <= COUNT; seq += 1)
      writer.send({ type: 'publish', stream: 'channel:slow', seq, after: seq - 1, data: DATA });
    await eventually('them to be settled', () => writer.of('ack').at(-1)?.seq === COUNT, { withinMs: 15_000 });
    client.resume();
    expect(await client.close()).toMatchObject({ code: 4008 });
    const messages = client.of('message');
    expect(messages.map(({ offset }) => offset)).toEqual(messages.map((_, index) => index + 1));
    expect(messages.length).toBeLessThan(COUNT);

    const last = messages.at(-1);
    const position = { offset: last?.offset, id: last?.id };
    const back = await RawClient.open(url);
    const { resume } = client.of('welcome')[0] ?? { resume: '' };
    const streams = { 'channel:slow': position };
    back.send({ type: 'hello', attempt: 2, session, resume, streams, can: ['overlap'], hops: 0 });
    expect(await back.next('reset')).toMatchObject({ reason: 'trimmed', position: { offset: COUNT } });
    expect(await back.next('subscribed')).toMatchObject({ position: { offset: COUNT } });
    back.terminate();
    writer.terminate();
  });
});
