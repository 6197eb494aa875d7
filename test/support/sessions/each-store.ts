import { describe, expect } from '@jest/globals';
import type { SessionsConfig } from '../../../src/config/config.js';
import type { SessionKey } from '../../../src/sessions/session-store.js';
import { A, claimOf, fieldsOf, newSession } from './claims.js';
import { memoryTwin, redisTwin, type StoreTwin } from './store-twin.js';
import { withRedisConnection } from './with-redis-connection.js';

export const MINUTE = 60_000;
export const lasting: SessionsConfig = { ttlMs: MINUTE, sweepMs: MINUTE };
export const brief: SessionsConfig = { ttlMs: 200, sweepMs: 100 };
/** Brief, but longer than a busy machine keeps a test waiting. */
export const refreshed: SessionsConfig = { ttlMs: 600, sweepMs: 200 };

export type OpenStore = (config: SessionsConfig) => StoreTwin;

/** The same promises of every store of sessions. */
export function describeEachStore(what: string, body: (open: OpenStore) => void): void {
  const redis = withRedisConnection();
  const twins: readonly (readonly [name: string, open: OpenStore])[] = [
    ['memory', memoryTwin],
    ['Redis', (config) => redisTwin(redis.connection, redis.keyPrefix, config)],
  ];
  describe.each(twins)(`${what} in %s`, (_name, open) => {
    body(open);
  });
}

/** A session that A has at attempt 1. */
export async function begun(twin: StoreTwin, key: SessionKey = newSession()): Promise<SessionKey> {
  const claimed = await twin.store.claim(claimOf(key, 1, A, { create: fieldsOf(twin.nowMs() + MINUTE) }));
  expect(claimed.kind).toBe('claimed');
  return key;
}
