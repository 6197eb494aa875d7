import type { ServerFrame } from '../../src/protocol/frames.js';
import { eventually } from './eventually.js';
import type { RawClient } from './raw-client.js';

type Answers = (frame: ServerFrame) => string | null;

/** What a client is told about the next thing that it asks: the kind of the answer, or the code of a refusal. */
async function answerTo(client: RawClient, ask: object | null, answers: Answers): Promise<string> {
  const from = client.frames.length;
  if (ask !== null) client.send(ask);
  return eventually(
    () => `an answer to ${JSON.stringify(ask)}; so far: ${JSON.stringify(client.frames.slice(from)).slice(0, 400)}`,
    () => client.frames.slice(from).reduce<string | null>((found, frame) => found ?? answers(frame), null),
    { everyMs: 2 },
  );
}

/** About a subscribe or a subscription. */
export const aboutSubscription =
  (stream: string): Answers =>
  (frame) => {
    if (frame.type === 'subscribed' && frame.stream === stream) return 'subscribed';
    return frame.type === 'error' && frame.stream === stream && frame.seq === undefined ? frame.code : null;
  };

export const subscribe = (client: RawClient, stream: string): Promise<string> =>
  answerTo(client, { type: 'subscribe', stream }, aboutSubscription(stream));

export function publish(client: RawClient, stream: string, seq: number, data: unknown): Promise<string> {
  return answerTo(client, { type: 'publish', stream, seq, after: seq - 1, data }, (frame) => {
    if (frame.type === 'ack' && frame.stream === stream) return 'ack';
    const isRefusal = frame.type === 'refused' || frame.type === 'error';
    return isRefusal && frame.stream === stream && frame.seq === seq ? frame.code : null;
  });
}

export function enter(client: RawClient, channel: string): Promise<string> {
  return answerTo(client, { type: 'presence', channel, on: true }, (frame) => {
    if (frame.type === 'presence' && frame.channel === channel) return frame.event;
    return frame.type === 'error' && frame.channel === channel ? frame.code : null;
  });
}

/** The answer to a new credential. */
export function renew(client: RawClient, token: string): Promise<string> {
  return answerTo(client, { type: 'token', token }, (frame) => {
    if (frame.type === 'credential') return 'credential';
    const isAboutToken = frame.type === 'error' && frame.stream === undefined && frame.channel === undefined;
    return isAboutToken ? frame.code : null;
  });
}
