import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomId } from '../../src/lib/random-id.js';
import type { FrameWriter } from '../../src/messaging/frame-writer.js';
import type { SessionIdentity } from '../../src/messaging/session-identity.js';
import { SessionPublisher } from '../../src/messaging/session-publisher.js';
import type { ServerFrame } from '../../src/protocol/frames.js';
import { eventually } from '../support/eventually.js';
import { StreamPod } from '../support/stream-pod.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
/** A machine that is busy is no fault of Redis. */
const patient = { canaryMs: 5_000, commandTimeoutMs: 5_000 };
const LATE_MS = 200;
let paused: StreamPod;
let other: StreamPod;
let identity: SessionIdentity;

beforeAll(async () => {
  const prefix = redis.keyPrefix();
  paused = await StreamPod.start(redis.url, prefix, { lateMs: LATE_MS }, patient);
  other = await StreamPod.start(redis.url, prefix, { lateMs: LATE_MS }, patient);
});
afterAll(() => {
  paused.close();
  other.close();
});
beforeEach(() => {
  const ids = { tenant: 'acme', session: randomId(), user: 'ann', publisher: randomId() };
  identity = { ...ids, grants: [{ stream: 'channel:*', can: ['publish'] }] } as unknown as SessionIdentity;
});

/** What one connection of this pod publishes, and what it is answered. */
class Connection {
  readonly answers: ServerFrame[] = [];
  private readonly publisher: SessionPublisher;

  constructor(pod: StreamPod) {
    const timeMs = () => pod.redis.commands.timeMs('any key');
    this.publisher = new SessionPublisher({ log: pod.log, timeMs }, this.writer(), identity);
  }

  publish(seq: number): void {
    this.publisher.publish({ type: 'publish', stream: 'channel:room', seq, after: seq - 1, data: seq });
  }
  async answer(): Promise<ServerFrame> {
    await eventually('an answer', () => this.answers.length > 0, { everyMs: 1 });
    return this.answers.shift() as ServerFrame;
  }

  private writer(): FrameWriter {
    const waiting: (() => void)[] = [];
    return {
      send: (frame) => void this.answers.push(frame),
      sendShared: () => true,
      whenDrained: () => undefined,
      beforeWrite: (run) => {
        waiting.push(run);
        setImmediate(() => waiting.splice(0).forEach((each) => each()));
      },
      close: () => undefined,
      pauseReading: () => undefined,
      resumeReading: () => undefined,
    };
  }
}

/** The whole process stands still, as in a SIGSTOP or when its node is overloaded. */
function standStill(forMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);
}

describe('a publish that a pod has read and not sent when it is paused', () => {
  it('is late when it goes on, is not accepted, and is accepted when the client sends it again', async () => {
    const connection = new Connection(paused);
    connection.publish(1);
    expect(await connection.answer()).toEqual({ type: 'ack', stream: 'channel:room', seq: 1 });
    connection.publish(2);
    standStill(LATE_MS * 2);
    expect(await connection.answer()).toMatchObject({ type: 'error', code: 'late', seq: 2, retryAfterMs: 100 });
    connection.publish(2);
    expect(await connection.answer()).toEqual({ type: 'ack', stream: 'channel:room', seq: 2 });
  });

  it('does not stand in the way of what the client has published through another pod', async () => {
    const [left, taken] = [new Connection(paused), new Connection(other)];
    left.publish(1);
    await left.answer();
    for (const seq of [2, 3]) left.publish(seq);
    standStill(LATE_MS * 2);
    for (const seq of [2, 3, 4]) taken.publish(seq);
    expect(await taken.answer()).toEqual({ type: 'ack', stream: 'channel:room', from: 2, seq: 4 });
    for (const seq of [2, 3]) expect(await left.answer()).toMatchObject({ type: 'error', code: 'late', seq });
  });

  it('is not late after a shorter pause', async () => {
    const connection = new Connection(paused);
    connection.publish(1);
    standStill(LATE_MS / 4);
    expect(await connection.answer()).toEqual({ type: 'ack', stream: 'channel:room', seq: 1 });
  });
});
