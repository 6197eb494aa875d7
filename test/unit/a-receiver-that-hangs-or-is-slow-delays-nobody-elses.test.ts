import { expect, it } from '@jest/globals';
import { Metrics } from '../../src/observability/metrics.js';
import { asPodId, asSessionId, asTenantId, asUserId } from '../../src/protocol/ids.js';
import type { SessionRow } from '../../src/sessions/session-store.js';
import type { Send } from '../../src/webhooks/http-sender.js';
import { MemoryWebhookLedger } from '../../src/webhooks/memory-webhook-ledger.js';
import type { Sent } from '../../src/webhooks/retry-rule.js';
import type { WebhookLedger } from '../../src/webhooks/webhook-ledger.js';
import { Webhooks } from '../../src/webhooks/webhooks.js';
import { ManualClock } from '../support/manual-clock.js';
import { silentLogger } from '../support/silent-logger.js';
import { quick, targetOf } from '../support/webhooks/webhook-pod.js';

const HOUR = 3_600_000;
const config = {
  ...quick,
  graceMs: 10_000,
  timeoutMs: 10_000,
  retryMaxMs: HOUR,
  retryForMs: 24 * HOUR,
  concurrency: 64,
};
const pod = asPodId('pod');
const taken: Sent = { kind: 'answered', status: 200, retryAfterMs: null };

/** A pod whose ledger answers after 2 ms, as one in Redis does. */
class Pod {
  readonly clock = new ManualClock();
  readonly latenciesMs: number[] = [];
  underWay = 0;
  peak = 0;
  private readonly webhooks: Webhooks;

  constructor(badReceivers: number, bad: { readonly afterMs: number; readonly sent: Sent }) {
    const limits = {
      ...{ graceMs: config.graceMs, patrolMs: HOUR, mostEvents: 10_000 },
      ...{ lookLeaseMs: 5_000, eventLeaseMs: 15_000, ttlMs: HOUR, longestLookMs: HOUR, longestEventMs: HOUR },
    };
    const memory = new MemoryWebhookLedger(this.clock, limits);
    const ledger: WebhookLedger = {
      report: (...args) => memory.report(...args),
      conclude: (...args) => memory.conclude(...args),
      orphan: (...args) => memory.orphan(...args),
      settle: (...args) => memory.settle(...args),
      take: async (...args) => {
        await this.passing(2);
        return memory.take(...args);
      },
    };
    const send: Send = async ({ url, body }) => {
      this.peak = Math.max(this.peak, (this.underWay += 1));
      await this.passing(url === 'bad' ? bad.afterMs : 5);
      this.underWay -= 1;
      if (url === 'bad') return bad.sent;
      const { timestamp } = JSON.parse(body) as { timestamp: string };
      this.latenciesMs.push(this.clock.now() - Date.parse(timestamp));
      return taken;
    };
    const names = Array.from({ length: badReceivers }, (_, index) => `bad-${index}`);
    this.webhooks = new Webhooks(
      {
        ...{ ledger, send, clock: this.clock, logger: silentLogger, metrics: new Metrics(), podCount: () => 1 },
        store: { get: () => Promise.resolve({ detached: false, pod } as SessionRow) },
        pods: { among: (pods) => Promise.resolve(new Set(pods)) },
      },
      [...names.map((name) => targetOf(name, 'bad')), targetOf('good', 'good')],
      config,
      { graceMs: config.graceMs, patrolMs: HOUR, sessionTtlMs: HOUR, silenceMs: 0 },
    );
    this.webhooks.start();
    for (const name of names) for (let session = 0; session < 100; session += 1) this.begin(name, `s${session}`);
  }

  begin(tenant: string, session: string): void {
    const row = { tenant: asTenantId(tenant), session: asSessionId(session), user: asUserId('ann'), pod };
    this.webhooks.held(row as SessionRow);
  }

  /** The good receiver gets an event each half second. */
  async run(seconds: number): Promise<void> {
    for (let at = 0; at < 2 * seconds; at += 1) {
      this.begin('good', `${this.clock.now()}`);
      await this.clock.run(500, 25);
    }
  }
  stop(): void {
    this.webhooks.stop();
  }

  private passing(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(ms, () => {
        resolve();
      });
    });
  }
}

it.each([
  ['hang', { afterMs: 10_000, sent: { kind: 'timeout' } as const }],
  ['fail at once', { afterMs: 5, sent: { kind: 'answered', status: 500, retryAfterMs: null } as const }],
  ['take what they get just in time', { afterMs: 9_000, sent: taken }],
])('a good receiver hears within a second beside 40 that %s', async (_what, bad) => {
  const service = new Pod(40, bad);
  await service.run(25);
  service.stop();
  expect(service.peak).toBeLessThanOrEqual(64);
  expect(service.latenciesMs.length).toBeGreaterThanOrEqual(48);
  expect(Math.max(...service.latenciesMs)).toBeLessThan(1_500);
});

it('beside 200 that hang a pod has as many sendings under way as it may, and finds the good one soon', async () => {
  const service = new Pod(200, { afterMs: 10_000, sent: { kind: 'timeout' } });
  await service.clock.run(3_000, 25);
  await service.run(30);
  service.stop();
  expect(service.peak).toBeLessThanOrEqual(64);
  expect(service.latenciesMs.length).toBeGreaterThanOrEqual(58);
  // Nobody knows of it when all slots are taken; once it has answered, it has its own.
  expect(Math.max(...service.latenciesMs)).toBeLessThanOrEqual(20_000);
  expect(Math.max(...service.latenciesMs.slice(-20))).toBeLessThan(1_500);
});
