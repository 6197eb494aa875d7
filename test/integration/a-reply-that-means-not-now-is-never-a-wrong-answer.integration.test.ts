import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BatonError } from '../../src/lib/baton-error.js';
import type { SessionKey } from '../../src/sessions/session-store.js';
import { eventually } from '../support/eventually.js';
import { breaches } from '../support/judge/promise.js';
import { PodsOn } from '../support/redis-topologies/pods-on.js';
import { REFUSALS } from '../support/redis-topologies/refusals.js';
import { withTopology } from '../support/redis-topologies/with-topology.js';
import { A, claimOf, fieldsOf, newSession } from '../support/sessions/claims.js';
import { redisTwin, type StoreTwin } from '../support/sessions/store-twin.js';
import { room, StreamPod } from '../support/stream-pod.js';

const MINUTE = 60_000;
const redis = withTopology('single', { args: ['--enable-protected-configs', 'yes'] });
let pods: PodsOn;
let direct: StreamPod;
let sessions: StoreTwin;

beforeAll(async () => {
  pods = await PodsOn.start(redis());
  direct = await StreamPod.start(redis().config, pods.keyPrefix, { appendDeadlineMs: 250 });
  sessions = redisTwin(direct.redis, pods.keyPrefix, { ttlMs: MINUTE, sweepMs: MINUTE });
});
afterAll(async () => {
  direct.close();
  await pods.stop();
});

const send = () => direct.log.append(room('acme'), { kind: 'send', idempotency: String(Math.random()), data: '1' });
const unavailable = { code: 'unavailable' };

/** Nothing is written, and nothing is answered that isn't so: a session that is there isn't "gone". */
async function nothingIsWritten(key: SessionKey): Promise<void> {
  await expect(send()).rejects.toMatchObject(unavailable);
  await expect(sessions.store.putData(key, 'cart', 1, null)).rejects.toMatchObject(unavailable);
  const answer = await sessions.store.claim(claimOf(key, 1, A)).then(
    ({ kind }) => kind,
    (error: unknown) => (error as BatonError).code,
  );
  expect(['claimed', 'unavailable']).toContain(answer);
}

async function begunSession(): Promise<SessionKey> {
  const key = newSession();
  const create = fieldsOf(sessions.nowMs() + MINUTE);
  await sessions.waitFor('a session', () =>
    sessions.store.claim(claimOf(key, 1, A, { create })).then(({ kind }) => kind === 'claimed'),
  );
  return key;
}

describe.each(REFUSALS)('$reply, which Redis says when $when,', (refusal) => {
  it('is "unavailable" to whoever asks, and a pause to applications', async () => {
    const key = await begunSession();
    await send();
    const traffic = await pods.traffic();
    await traffic.flows(20);
    const node = await redis().masterOf('');
    await refusal.begin(node);
    try {
      await nothingIsWritten(key);
      const { acknowledged } = traffic;
      await nothingIsWritten(key);
      expect(traffic.acknowledged).toBe(acknowledged);
    } finally {
      await refusal.end(node);
    }
    await traffic.flows(40);
    const row = await eventually('the row', () => sessions.store.get(key));
    expect(row).toMatchObject({ attempt: 1, connection: A });
    expect(breaches((await traffic.end()).whole, null)).toEqual([]);
  });
});
