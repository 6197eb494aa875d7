import { beforeEach, expect, it } from '@jest/globals';
import { SessionPublisher } from '../../src/messaging/session-publisher.js';
import { MAX_PUBLISHED_STREAMS } from '../../src/protocol/bounds.js';
import type { ServerFrame } from '../../src/protocol/frames.js';
import { asPublisherId, asSessionId, asTenantId, asUserId } from '../../src/protocol/ids.js';
import type { StreamName } from '../../src/protocol/stream-name.js';
import type { AppendItem, StreamLog } from '../../src/streams/stream-log.js';
import { settle } from '../support/manual-clock.js';

const appended: AppendItem[] = [];
const touched: unknown[] = [];
const log: StreamLog = {
  append: (_owner, item) => {
    appended.push(item);
    return Promise.resolve({ kind: 'ack', jumps: [], position: null });
  },
  touch: (owner) => {
    touched.push(owner);
    return Promise.resolve();
  },
  read: () => Promise.reject(new Error('a publisher reads nothing')),
};

let sent: ServerFrame[];
let beforeWrites: (() => void)[];
const publisherOf = (user: string, ...streams: readonly string[]) => {
  const writer = {
    send: (frame: ServerFrame) => sent.push(frame),
    beforeWrite: (run: () => void) => beforeWrites.push(run),
    ...{ sendShared: () => true, whenDrained: () => undefined, close: () => undefined },
    ...{ pauseReading: () => undefined, resumeReading: () => undefined },
  };
  return new SessionPublisher({ log, timeMs: () => 0 }, writer, {
    ...{ tenant: asTenantId('acme'), session: asSessionId('s'), user: asUserId(user), publisher: asPublisherId('p') },
    grants: streams.map((stream) => ({ stream, can: ['publish'] })),
  });
};
const answers = async () => {
  await settle();
  for (const run of beforeWrites.splice(0)) run();
  return sent.splice(0);
};
const frame = (stream: StreamName, seq: number, data?: number) => ({
  ...{ type: 'publish' as const, stream, seq, after: seq - 1 },
  ...(data === undefined ? {} : { data }),
});

beforeEach(() => {
  [sent, beforeWrites] = [[], []];
  appended.splice(0);
  touched.splice(0);
});

it.each(['user:bob', 'user:ada', 'session:s', 'session:t'] as const)(
  '%s of a user is refused, and a mark settled',
  async (stream) => {
    const publisher = publisherOf('ada', '*');
    publisher.publish(frame(stream, 1, 1));
    publisher.publish(frame(stream, 2));
    publisher.publish(frame(stream, 3, 3));
    expect(await answers()).toEqual([
      { type: 'refused', stream, seq: 1, code: 'forbidden' },
      { type: 'refused', stream, seq: 3, code: 'forbidden' },
      { type: 'ack', stream, seq: 3, from: 2 },
    ]);
    await publisher.touch();
    expect([appended, touched]).toEqual([[], []]);
  },
);

it('a key’s session goes by its short names only, and reaches others by the long ones', async () => {
  const publisher = publisherOf('key:w', '*');
  for (const stream of ['user:key:w', 'session:s'] as const) publisher.publish(frame(stream, 1, 1));
  expect(await answers()).toMatchObject([{ code: 'forbidden' }, { code: 'forbidden' }]);
  for (const stream of ['user', 'session', 'user:ada', 'session:t'] as const) publisher.publish(frame(stream, 1, 1));
  expect((await answers()).map(({ type }) => type)).toEqual(['ack', 'ack', 'ack', 'ack']);
  expect(appended.map(({ kind }) => kind)).toEqual(['publish', 'publish', 'publish', 'publish']);
});

it('a stream too many is refused, and those before it go on', async () => {
  const publisher = publisherOf('key:w', '*');
  for (let number = 1; number <= MAX_PUBLISHED_STREAMS; number += 1) publisher.publish(frame(`user:${number}`, 1, 1));
  expect((await answers()).every(({ type }) => type === 'ack')).toBe(true);
  publisher.publish(frame('user:more', 1, 1));
  publisher.publish(frame('user:more', 2));
  publisher.publish(frame('user:7', 2, 2));
  expect(await answers()).toEqual([
    { type: 'refused', stream: 'user:more', seq: 1, code: 'too-many-streams' },
    { type: 'ack', stream: 'user:more', seq: 2 },
    { type: 'ack', stream: 'user:7', seq: 2 },
  ]);
  expect(appended).toHaveLength(MAX_PUBLISHED_STREAMS + 1);
});
