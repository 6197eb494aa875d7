import { beforeEach, describe, expect, it } from '@jest/globals';
import { BatonError } from '../../src/lib/baton-error.js';
import type { FrameWriter } from '../../src/messaging/frame-writer.js';
import type { SessionIdentity } from '../../src/messaging/session-identity.js';
import { SessionSubscriptions } from '../../src/messaging/session-subscriptions.js';
import type { ServerFrame } from '../../src/protocol/frames.js';
import { asEntryId } from '../../src/protocol/ids.js';
import type { StreamName } from '../../src/protocol/stream-name.js';
import type { LiveStreams, StreamSink } from '../../src/streams/live-streams.js';

const top = { offset: 0, id: asEntryId('e') };
const identity = {
  tenant: 'acme',
  session: 's1',
  user: 'ann',
  publisher: null,
  grants: [{ stream: 'channel:*', can: ['subscribe'] }],
} as unknown as SessionIdentity;

let sent: ServerFrame[];
let closes: string[];
let failed: StreamName[];
let opened: StreamSink[];
let subscriptions: SessionSubscriptions;

const writer: FrameWriter = {
  send: (frame) => void sent.push(frame),
  sendShared: () => true,
  whenDrained: () => undefined,
  beforeWrite: () => undefined,
  close: (code) => void closes.push(code),
  pauseReading: () => undefined,
  resumeReading: () => undefined,
};
const live: LiveStreams = {
  subscribe: (_owner, _position, sink) => {
    opened.push(sink);
    return { position: null, live: false, resume: () => undefined, close: () => undefined };
  },
};

beforeEach(() => {
  [sent, closes, failed, opened] = [[], [], [], []];
  const ports = {
    live,
    streamsPerSession: 2,
    onReset: () => undefined,
    onSlow: () => undefined,
    onFailed: (_session: unknown, stream: StreamName) => void failed.push(stream),
  };
  subscriptions = new SessionSubscriptions(ports, writer, identity);
});

describe('a subscribe that Redis keeps waiting', () => {
  it('is answered with a temporary error for its stream, and may be asked for again', () => {
    subscriptions.start({ 'channel:a': null, 'channel:b': null });
    opened[1]?.subscribed(top);
    opened[0]?.failed(new BatonError('unavailable'));
    expect(sent).toEqual([
      { type: 'subscribed', stream: 'channel:b', position: top },
      expect.objectContaining({ type: 'error', stream: 'channel:a', code: 'unavailable', retryAfterMs: 500 }),
    ]);
    subscriptions.subscribe('channel:a', null);
    opened[2]?.subscribed(top);
    expect(sent.at(-1)).toEqual({ type: 'subscribed', stream: 'channel:a', position: top });
    expect([closes, failed]).toEqual([[], []]);
  });

  it('says nothing any more once it was replaced', () => {
    subscriptions.subscribe('channel:a', null);
    subscriptions.unsubscribe('channel:a');
    subscriptions.subscribe('channel:a', null);
    opened[0]?.failed(new BatonError('unavailable'));
    expect(sent).toEqual([{ type: 'unsubscribed', stream: 'channel:a' }]);
  });

  it('ends the connection only when Redis answers and nothing comes of it', () => {
    subscriptions.subscribe('channel:a', null);
    opened[0]?.failed(new BatonError('internal'));
    subscriptions.subscribe('channel:b', null);
    opened[1]?.failed(new Error('no progress'));
    expect([sent, failed]).toEqual([[], ['channel:a', 'channel:b']]);
  });
});
