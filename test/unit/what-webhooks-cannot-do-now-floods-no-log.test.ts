import { beforeEach, expect, it } from '@jest/globals';
import { BatonError } from '../../src/lib/baton-error.js';
import type { Logger } from '../../src/observability/logger.js';
import { Metrics } from '../../src/observability/metrics.js';
import { asSessionId, asTenantId } from '../../src/protocol/ids.js';
import type { DueLook, WebhookLedger } from '../../src/webhooks/webhook-ledger.js';
import { WebhookLooks } from '../../src/webhooks/webhook-looks.js';
import type { WebhookPorts } from '../../src/webhooks/webhook-ports.js';
import { Webhooks } from '../../src/webhooks/webhooks.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { silentLogger } from '../support/silent-logger.js';
import { quick, targetOf } from '../support/webhooks/webhook-pod.js';

interface Line {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

let clock: ManualClock;
let lines: Line[];
let ports: Pick<WebhookPorts, 'clock' | 'logger' | 'store' | 'pods'>;
const times = { graceMs: 1_000, patrolMs: 60_000, sessionTtlMs: 60_000, silenceMs: 0 };

beforeEach(() => {
  [clock, lines] = [new ManualClock(), []];
  const note: Logger['warn'] = (event, fields) => lines.push({ event, fields });
  ports = {
    clock,
    logger: { ...silentLogger, warn: note, error: note },
    store: { get: () => Promise.reject(new BatonError('unavailable')) },
    pods: { among: (pods) => Promise.resolve(new Set(pods)) },
  };
});

it('rows that can’t be read are one line for many, and the next one after ten seconds says how many more', async () => {
  const looks = new WebhookLooks(ports, times);
  const due = Array.from({ length: 100 }, (_, number): DueLook => ({
    ...{ session: asSessionId(`s${number}`), version: 1, state: 'connected', ended: false, leftAtMs: 0, pod: null },
  }));
  for (let page = 0; page < 22; page += 1) {
    expect(await looks.look(targetOf(`t${page % 3}`, 'x'), due, clock.now())).toEqual([]);
    clock.advance(500);
  }
  expect(lines.map(({ event, fields }) => [event, fields?.['count'], fields?.['tenantId']])).toEqual([
    ['webhook.rows-unreadable', 100, 't0'],
    ['webhook.rows-unreadable', 2_000, 't2'],
  ]);
});

it('a tenant whose node is away is one line for as long as it is, though other tenants go on', async () => {
  let away = true;
  const take: WebhookLedger['take'] = (tenant) =>
    away && tenant === asTenantId('a')
      ? Promise.reject(new BatonError('unavailable'))
      : Promise.resolve({ nowMs: clock.now(), looks: [], events: [], pods: [], queued: 0, oldestAtMs: null });
  const webhooks = new Webhooks(
    {
      ...{ ...ports, ledger: { take } as WebhookLedger, metrics: new Metrics(), podCount: () => 1 },
      send: () => Promise.reject(new Error('nothing is sent')),
    },
    ['a', 'b'].map((tenant) => targetOf(tenant, 'x')),
    quick,
    times,
  );
  const events = () => lines.map(({ event }) => event);
  webhooks.start();
  await clock.run(1_000);
  expect(events()).toEqual(['webhook.redis-away']);
  away = false;
  await clock.run(1_000);
  away = true;
  await clock.run(1_000);
  expect(events()).toEqual(['webhook.redis-away', 'webhook.redis-away']);
  webhooks.stop();
  await settle();
});
