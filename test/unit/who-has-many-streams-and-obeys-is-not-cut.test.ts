import { expect, it } from '@jest/globals';
import type { LimitsConfig } from '../../src/config/config.js';
import { limits as options } from '../../src/config/limit-options.js';
import { FrameLimits, type MeteredFrame } from '../../src/connections/frame-limits.js';
import type { Connection } from '../../src/connections/connection.js';
import { RateGuard } from '../../src/connections/rate-guard.js';
import { backoffMs } from '../../src/lib/backoff.js';
import type { StreamName } from '../../src/protocol/stream-name.js';
import { seededRandom } from '../support/seeded-random.js';

const ROUND_TRIP_MS = 20;
const usual: LimitsConfig = {
  messagesPerSecond: Number(options.messagesPerSecond.fallback),
  bytesPerSecond: Number(options.bytesPerSecond.fallback),
  subscribesPerSecond: Number(options.subscribesPerSecond.fallback),
  newStreamsPerSecond: Number(options.newStreamsPerSecond.fallback),
  hellosPerSecond: Number(options.hellosPerSecond.fallback),
  handshakes: Number(options.handshakes.fallback),
};

interface Outcome {
  readonly cut: boolean;
  readonly refusals: number;
  readonly lastMs: number;
}

/** One frame a stream, all at once after `welcome`; each that is refused comes again after its time and a backoff of its own. */
function afterWelcome(streams: number, frameOf: (stream: StreamName) => MeteredFrame, seed: number): Outcome {
  const random = seededRandom(seed);
  const rates = new FrameLimits(usual, 0);
  const known = new Set<StreamName>();
  /** Streams that are due, by ms. */
  const due: { readonly stream: StreamName; readonly failures: number }[][] = [
    Array.from({ length: streams }, (_, index) => ({ stream: `channel:${index}` as const, failures: 0 })),
  ];
  let refusals = 0;
  for (let nowMs = 0; nowMs < due.length; nowMs += 1) {
    for (const { stream, failures } of due[nowMs] ?? []) {
      const verdict = rates.take(frameOf(stream), 100, (name) => known.has(name), nowMs);
      if (verdict.kind === 'ignored') return { cut: true, refusals, lastMs: nowMs };
      if (verdict.kind === 'take') {
        known.add(stream);
        continue;
      }
      refusals += 1;
      const waitMs = verdict.retryAfterMs + backoffMs(failures, 500, 20_000, random);
      (due[Math.ceil(nowMs + ROUND_TRIP_MS + waitMs)] ??= []).push({ stream, failures: failures + 1 });
    }
  }
  return { cut: false, refusals, lastMs: due.length - 1 };
}

it.each([256, 1_500, 2_500, 4_096])('after a move: %i streams of before are marked at once', (streams) => {
  const mark = (stream: StreamName): MeteredFrame => ({ type: 'publish', stream, seq: 3, after: 2 });
  expect(afterWelcome(streams, mark, 1)).toEqual({ cut: false, refusals: 0, lastMs: 0 });
});

it.each([1_500, 2_500, 4_096])('%i new streams take their time, at their own timers', (streams) => {
  const first = (stream: StreamName): MeteredFrame => ({ type: 'publish', stream, seq: 1, after: 0, data: 'x' });
  for (const seed of [1, 2, 3]) {
    const { cut, refusals } = afterWelcome(streams, first, seed);
    expect({ cut, refused: refusals > 0 }).toEqual({ cut: false, refused: true });
  }
});

it('subscriptions that are asked for at once take theirs, too', () => {
  const subscribe = (stream: StreamName): MeteredFrame => ({ type: 'subscribe', stream });
  expect(afterWelcome(2_500, subscribe, 1).cut).toBe(false);
});

it('a stream that a publish has only named, and was answered `gap`, is still to be paid for', () => {
  const metrics = { rateLimited: { inc: () => undefined } };
  const guard = new RateGuard({ limits: usual, metrics } as unknown as ConstructorParameters<typeof RateGuard>[0]);
  const session = { publisher: { has: () => true }, subscriptions: { has: () => false } };
  const connection = { limits: null, session, lastSeenMs: 0, owesPong: false, send: () => undefined };
  const taken = Array.from({ length: 300 }, (_, index) =>
    guard.take(
      connection as unknown as Connection,
      { type: 'publish', stream: `channel:${index}`, seq: 1, after: 0, data: 'x' },
      100,
    ),
  );
  expect(taken.filter(Boolean)).toHaveLength(256);
});
