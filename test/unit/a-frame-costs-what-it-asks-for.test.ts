import { describe, expect, it } from '@jest/globals';
import type { LimitsConfig } from '../../src/config/config.js';
import { aboutFrame, canBeRefused, FrameLimits, type MeteredFrame } from '../../src/connections/frame-limits.js';
import { HandshakeGate } from '../../src/connections/handshake-gate.js';
import { asChannelName } from '../../src/protocol/ids.js';
import { ManualClock } from '../support/manual-clock.js';

const limits: LimitsConfig = {
  messagesPerSecond: 50,
  bytesPerSecond: 100_000,
  subscribesPerSecond: 5,
  newStreamsPerSecond: 3,
  hellosPerSecond: 4,
  handshakes: 3,
};
const publish: MeteredFrame = { type: 'publish', stream: 'user', seq: 7, after: 6, data: null };
const first: MeteredFrame = { type: 'publish', stream: 'user', seq: 1, after: 0, data: null };
const mark: MeteredFrame = { type: 'publish', stream: 'user', seq: 8, after: 7 };
const subscribe: MeteredFrame = { type: 'subscribe', stream: 'channel:a' };
const presence = (on: boolean): MeteredFrame => ({ type: 'presence', channel: asChannelName('a'), on });
const others: readonly MeteredFrame[] = [
  { type: 'pong' },
  { type: 'bye' },
  { type: 'unsubscribe', stream: 'user' },
  presence(false),
];
const rest: readonly MeteredFrame[] = [{ type: 'token', token: 't' }, { type: 'unreadable' }, presence(true)];

/** How many of these are taken at once. */
function takenAtOnce(frame: MeteredFrame, known: boolean, bytes = 1): number {
  const rates = new FrameLimits(limits, 0);
  for (let count = 0; ; count += 1) if (rates.take(frame, bytes, () => known, 0).kind !== 'take') return count;
}

describe('a frame', () => {
  it.each([
    ['of any kind counts', takenAtOnce(publish, true), 100],
    ['counts with its bytes', takenAtOnce(publish, true, 10_000), 20],
    ['that subscribes counts as such', takenAtOnce(subscribe, true), 10],
    ['that asks for presence does, too', takenAtOnce(presence(true), false), 10],
    ['that renews a token does, too', takenAtOnce({ type: 'token', token: 't' }, false), 10],
    ['that subscribes to a new stream counts as that', takenAtOnce(subscribe, false), 6],
    ['that publishes to a new stream does, too', takenAtOnce(first, false), 6],
    ['that goes on with a sequence of before makes no stream', takenAtOnce(publish, false), 100],
    ['that marks one makes none, either', takenAtOnce(mark, false), 100],
    ['that nobody could read counts like any', takenAtOnce({ type: 'unreadable' }, false), 100],
  ])('%s', (_what, taken, expected) => {
    expect(taken).toBe(expected);
  });

  it('that is over one rate leaves the others alone', () => {
    const rates = new FrameLimits(limits, 0);
    for (let count = 0; count < 11; count += 1) rates.take(subscribe, 1, () => true, 0);
    expect(rates.take(subscribe, 1, () => true, 0).kind).toBe('wait');
    expect(rates.take(publish, 1, () => true, 0).kind).toBe('take');
  });

  it('can be refused if its answer may be an error that says what it is about', () => {
    expect([publish, subscribe, ...rest].map(canBeRefused)).toEqual([true, true, true, true, true]);
    expect(others.map(canBeRefused)).toEqual([false, false, false, false]);
    expect([publish, subscribe, ...rest].map(aboutFrame)).toEqual([
      { stream: 'user', seq: 7 },
      { stream: 'channel:a' },
      {},
      {},
      { channel: 'a' },
    ]);
  });
});

describe('a pod', () => {
  const never = (): Promise<void> => new Promise(() => undefined);

  it.each(['payForToken', 'payForClaim'] as const)('takes so many hellos a second: %s', (pay) => {
    const clock = new ManualClock();
    const gate = new HandshakeGate(limits, clock, () => 0.5);
    for (let count = 0; count < 8; count += 1) gate[pay]();
    expect(() => {
      gate[pay]();
    }).toThrow(expect.objectContaining({ code: 'busy', retryAfterMs: 2_000 }));
    gate[pay === 'payForToken' ? 'payForClaim' : 'payForToken']();
    clock.advance(1_000);
    gate[pay]();
  });

  it('works on so many of them at once, and on others once they are done', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const gate = new HandshakeGate(limits, new ManualClock(), () => 0);
    expect([gate.enter(never), gate.enter(never), gate.enter(() => promise)]).toEqual([null, null, null]);
    expect(gate.enter(never)).toBe(1_000);
    resolve(undefined);
    await promise;
    await Promise.resolve();
    expect(gate.enter(never)).toBeNull();
  });
});
