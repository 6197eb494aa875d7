import { randomInt } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ConnectionId } from '../../src/protocol/ids.js';
import type { ClaimResult, SessionKey, SessionRow, SessionStore } from '../../src/sessions/session-store.js';
import { A, B, bob, C, claimOf, fieldsOf, newSession } from '../support/sessions/claims.js';
import { memoryTwin, redisTwin } from '../support/sessions/store-twin.js';
import { withRedisConnection } from '../support/sessions/with-redis-connection.js';

const HOUR = 3_600_000;
const config = { ttlMs: HOUR, sweepMs: HOUR };

type Credential = 'none' | 'create' | 'renew' | 'renew-expired' | 'renew-other-user';
type Step =
  | { readonly do: 'claim'; readonly attempt: number; readonly by: ConnectionId; readonly with: Credential }
  | { readonly do: 'detach'; readonly attempt: number; readonly by: ConnectionId }
  | { readonly do: 'end'; readonly by: ConnectionId };

const attempt = fc.integer({ min: 1, max: 4 });
const by = fc.constantFrom(A, B, C);
const credential = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Credential>('none') },
  { weight: 1, arbitrary: fc.constantFrom<Credential>('create', 'renew', 'renew-expired', 'renew-other-user') },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('claim'), attempt, by, with: credential }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('detach'), attempt, by }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end'), by }) },
);

/** The twins live at different times: what is compared is whether a claim moved the session. */
function withoutTimes(row: SessionRow | null): unknown {
  if (row === null) return null;
  const { createdAtMs: _created, movedAtMs: _moved, credentialExpiresAtMs: _expires, ...rest } = row;
  return rest;
}
const comparable = (result: ClaimResult): unknown =>
  result.kind === 'claimed' ? { ...result, row: withoutTimes(result.row) } : result;

async function take(store: SessionStore, key: SessionKey, next: Step, nowMs: number): Promise<unknown> {
  if (next.do === 'detach') return store.detach(key, next.attempt, next.by);
  if (next.do === 'end') return store.end(key, next.by);
  const fields = fieldsOf(nowMs + HOUR);
  const more = {
    none: {},
    create: { create: fields },
    renew: { renew: { ...fields, grants: [] } },
    'renew-expired': { renew: fieldsOf(nowMs - HOUR) },
    'renew-other-user': { renew: fieldsOf(nowMs + HOUR, bob) },
  }[next.with];
  return comparable(await store.claim(claimOf(key, next.attempt, next.by, more)));
}

/** Every answer on the way and the row at the end, of a session that A has begun. */
async function run(store: SessionStore, nowMs: number, steps: readonly Step[], key: SessionKey): Promise<unknown[]> {
  const begin: Step = { do: 'claim', attempt: 1, by: A, with: 'create' };
  const answers: unknown[] = [];
  for (const next of [begin, ...steps]) answers.push(await take(store, key, next, nowMs));
  return [...answers, withoutTimes(await store.get(key))];
}

describe('claims and detaches of three connections', () => {
  const redis = withRedisConnection();
  const seed = randomInt(2 ** 31);

  it(`in any order are answered the same in memory and in Redis (seed ${seed})`, async () => {
    const memory = memoryTwin(config);
    const real = redisTwin(redis.connection, redis.keyPrefix, config);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const key = newSession();
        const inRedis = await run(real.store, real.nowMs(), steps, key);
        expect(inRedis).toEqual(await run(memory.store, memory.nowMs(), steps, key));
      }),
      { seed, numRuns: 150 },
    );
  });

  it(`sent at once leave the highest attempt the owner (seed ${seed})`, async () => {
    const twin = redisTwin(redis.connection, redis.keyPrefix, config);
    const { store } = twin;
    const claims = fc.shuffledSubarray([2, 3, 4, 5, 6], { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(claims, async (attempts) => {
        const key = newSession();
        await store.claim(claimOf(key, 1, A, { create: fieldsOf(twin.nowMs() + HOUR) }));
        const owners = [A, B, C];
        await Promise.all(
          attempts.flatMap((number) => {
            const owner = owners[number % 3] ?? A;
            return [
              store.claim(claimOf(key, number, owner)),
              store.detach(key, number - 1, owners[(number - 1) % 3] ?? A),
              store.claim(claimOf(key, number, owner)),
            ];
          }),
        );
        const highest = Math.max(...attempts);
        const owner = owners[highest % 3];
        expect(await store.get(key)).toMatchObject({ attempt: highest, connection: owner, detached: false });
      }),
      { seed, numRuns: 50 },
    );
  });
});
