import { expect, it } from '@jest/globals';
import type { Connection } from '../../src/connections/connection.js';
import { RateGuard } from '../../src/connections/rate-guard.js';

const limits = {
  messagesPerSecond: 10,
  bytesPerSecond: 10_000,
  subscribesPerSecond: 10,
  newStreamsPerSecond: 10,
  hellosPerSecond: 10,
  handshakes: 10,
};
const idle = () => ({ owesPong: true, limits: null, session: null, lastSeenMs: 0, alive: true });
const guard = new RateGuard({ limits } as unknown as ConstructorParameters<typeof RateGuard>[0]);
const take = (connection: ReturnType<typeof idle>) =>
  guard.take(connection as unknown as Connection, { type: 'pong' }, 15);

it('the answer to a ping makes no limits for a connection that says nothing else', () => {
  const connection = idle();
  expect(take(connection)).toBe(true);
  expect(connection.limits).toBeNull();
});

it('a pong that nobody asked for counts like any frame', () => {
  const connection = idle();
  take(connection);
  expect(take(connection)).toBe(true);
  expect(connection.limits).not.toBeNull();
});
