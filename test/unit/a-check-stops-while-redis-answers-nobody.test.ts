import { expect, it } from '@jest/globals';
import type { SessionsConfig } from '../../src/config/config.js';
import type { Connection } from '../../src/connections/connection.js';
import { SessionKeeper } from '../../src/connections/session-keeper.js';
import { UnansweredWrites } from '../../src/connections/unanswered-writes.js';
import { BatonError } from '../../src/lib/baton-error.js';
import type { Claim, SessionStore } from '../../src/sessions/session-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { silentLogger } from '../support/silent-logger.js';

const SESSIONS = 4_000;
const FIRST_BATCHES = 1_000;

it('and claims for everybody once it does again, with one line in the log for each try', async () => {
  let [away, claims, warnings] = [false, 0, 0];
  const probed = new Set<number>();
  const connections = Array.from({ length: SESSIONS }, (_, id) => {
    const connection = { id, state: 'open', alive: true, session: { row: {} }, send: () => probed.add(id) };
    return connection as unknown as Connection;
  });
  const claimAll = (batch: readonly Claim[]) => {
    const answer = away ? Promise.reject(new BatonError('unavailable')) : Promise.resolve({ kind: 'claimed', row: {} });
    claims += batch.length;
    return Promise.allSettled(batch.map(() => answer));
  };
  const store = { claimAll } as unknown as SessionStore;
  const logger = { ...silentLogger, warn: () => (warnings += 1) };
  const clock = new ManualClock();
  const unanswered = new UnansweredWrites(logger);
  const config = { ttlMs: 3_600_000, sweepMs: 3_600_000 } as SessionsConfig;
  const keeper = new SessionKeeper({ store, unanswered, clock, logger }, () => connections, config);
  keeper.start();
  const firstTry = keeper.check(() => true);
  // Redis is lost again in the middle of the check.
  while (claims < FIRST_BATCHES) await Promise.resolve();
  away = true;
  await firstTry;
  const tried = claims;
  expect(tried).toBeLessThanOrEqual(FIRST_BATCHES + 400);
  expect(warnings).toBe(1);
  await clock.run(10_000, 100);
  expect(warnings).toBeGreaterThan(1);
  expect(claims - tried).toBe((warnings - 1) * 200);
  away = false;
  await clock.run(4_000, 100);
  expect(probed.size).toBe(SESSIONS);
  keeper.stop();
});
