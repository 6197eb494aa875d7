import { beforeEach, expect, it } from '@jest/globals';
import type { Connection } from '../../src/connections/connection.js';
import { SessionKeeper } from '../../src/connections/session-keeper.js';
import { UnansweredWrites } from '../../src/connections/unanswered-writes.js';
import type { Grant } from '../../src/protocol/grants.js';
import type { SessionStore } from '../../src/sessions/session-store.js';
import { MemorySessionStore } from '../../src/sessions/memory-session-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { A, claimOf, fieldsOf, newSession } from '../support/sessions/claims.js';
import { silentLogger } from '../support/silent-logger.js';

const SWEEP_MS = 60_000;
const config = { ttlMs: 600_000, sweepMs: SWEEP_MS };
const reading: readonly Grant[] = [{ stream: 'channel:a', can: ['subscribe'] }];

let clock: ManualClock;
let store: MemorySessionStore;
let keeper: SessionKeeper;
let connection: Connection;
let during: () => Promise<unknown>;
let claims: number;
const key = newSession();

/** What a pod does with a `token` frame. */
async function renew(grants: readonly Grant[], validForMs = 300_000): Promise<void> {
  const credential = { ...fieldsOf(clock.now() + validForMs), grants };
  const result = await store.claim(claimOf(key, 1, A, { renew: credential }));
  if (result.kind === 'claimed') Object.assign(connection.session ?? {}, { row: result.row });
}
const grantsInRow = async () => (await store.get(key))?.grants;

beforeEach(async () => {
  clock = new ManualClock();
  store = new MemorySessionStore(config, clock);
  [during, claims] = [() => Promise.resolve(), 0];
  const created = await store.claim(claimOf(key, 1, A, { create: fieldsOf(clock.now() + 200_000) }));
  const quiet = { touch: () => Promise.resolve() };
  const session = { row: created.kind === 'claimed' ? created.row : null, publisher: quiet, presence: quiet };
  connection = { id: A, state: 'open', alive: true, session, send: () => undefined } as unknown as Connection;
  const crossed: Pick<SessionStore, 'claimAll'> = {
    claimAll: async (batch) => {
      claims += batch.length;
      const run = during;
      during = () => Promise.resolve();
      await run();
      return store.claimAll(batch);
    },
  };
  const ports = { store: crossed as SessionStore, unanswered: new UnansweredWrites(silentLogger), clock };
  keeper = new SessionKeeper({ ...ports, logger: silentLogger }, () => [connection], config);
  keeper.start();
});

it('a check that was under way writes what was known before, and then what is known now', async () => {
  during = () => renew(reading);
  await keeper.check(() => true);
  await clock.run(3 * 1_000, 100);
  expect(await grantsInRow()).toEqual(reading);
  keeper.stop();
});

it('a sweep finds a renewal that Redis has lost, and writes it again', async () => {
  await renew(reading);
  await store.claim(claimOf(key, 1, A, { renew: fieldsOf(clock.now() + 200_000) }));
  expect(await grantsInRow()).not.toEqual(reading);
  await clock.run(SWEEP_MS + 5_000, 500);
  expect(await grantsInRow()).toEqual(reading);
  keeper.stop();
});

it('where nothing differs a sweep is one claim', async () => {
  await renew(reading);
  await clock.run(SWEEP_MS + 2_000, 500);
  expect(claims).toBeGreaterThan(0);
  expect(claims).toBeLessThanOrEqual(2);
  keeper.stop();
});
