import { beforeEach, expect, it } from '@jest/globals';
import { Metrics } from '../../src/observability/metrics.js';
import type { TenantId } from '../../src/protocol/ids.js';
import type { WebhookLedger } from '../../src/webhooks/webhook-ledger.js';
import { Webhooks } from '../../src/webhooks/webhooks.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { silentLogger } from '../support/silent-logger.js';
import { quick, targetOf } from '../support/webhooks/webhook-pod.js';

const TENANTS = 1_000;

let clock: ManualClock;
let asked: { readonly tenant: TenantId; readonly atMs: number }[];

beforeEach(() => {
  [clock, asked] = [new ManualClock(), []];
});

function start(tenants: number, podCount = 1): Webhooks {
  const take: WebhookLedger['take'] = (tenant) => {
    asked.push({ tenant, atMs: clock.monotonic() });
    return Promise.resolve({ nowMs: clock.now(), looks: [], events: [], pods: [], queued: 0, oldestAtMs: null });
  };
  const webhooks = new Webhooks(
    {
      ...{ ledger: { take } as WebhookLedger, clock, logger: silentLogger, metrics: new Metrics() },
      ...{ podCount: () => podCount, send: () => Promise.reject(new Error('nothing is sent')) },
      store: { get: () => Promise.reject(new Error('nothing is looked at')) },
      pods: { among: (pods) => Promise.resolve(new Set(pods)) },
    },
    Array.from({ length: tenants }, (_, number) => targetOf(`t${number}`, 'x')),
    { ...quick, graceMs: 10_000 },
    { graceMs: 10_000, patrolMs: 60_000, sessionTtlMs: 60_000, silenceMs: 0 },
  );
  webhooks.start();
  return webhooks;
}

it.each([1, 20])('a thousand idle tenants are no burst, whatever the number of pods: %s', async (podCount) => {
  const webhooks = start(TENANTS, podCount);
  await clock.run(10_000 * podCount, 5);
  const counts = new Map<number, number>();
  for (const { atMs } of asked) counts.set(atMs, (counts.get(atMs) ?? 0) + 1);
  expect(Math.max(...counts.values())).toBeLessThanOrEqual(30);
  // Each once a tick, which is a second by and large for all pods together.
  const each = new Map<TenantId, number>();
  for (const { tenant } of asked) each.set(tenant, (each.get(tenant) ?? 0) + 1);
  expect(each.size).toBe(TENANTS);
  expect(Math.min(...each.values())).toBeGreaterThanOrEqual(5);
  expect(Math.max(...each.values())).toBeLessThanOrEqual(20);
  webhooks.stop();
  await settle();
  expect(clock.timers).toBe(0);
});
