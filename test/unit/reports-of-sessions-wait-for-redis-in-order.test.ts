import { expect, it } from '@jest/globals';
import { BatonError } from '../../src/lib/baton-error.js';
import { asSessionId, asTenantId, type TenantId } from '../../src/protocol/ids.js';
import type { Report } from '../../src/webhooks/webhook-ledger.js';
import { WebhookReports } from '../../src/webhooks/webhook-reports.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { silentLogger } from '../support/silent-logger.js';

const [acme, umbrella] = [asTenantId('acme'), asTenantId('umbrella')];

class Redis {
  readonly clock = new ManualClock();
  readonly heard: [TenantId, readonly string[]][] = [];
  tries = 0;
  answers: () => unknown = () => null;
  readonly reports = new WebhookReports({
    clock: this.clock,
    logger: silentLogger,
    say: (tenant, reports) => this.say(tenant, reports),
  });

  left(tenant: TenantId, ...names: readonly string[]): void {
    for (const name of names) this.reports.add(tenant, { kind: 'left', session: asSessionId(name) });
  }
  heardOf(tenant: TenantId): readonly string[] {
    return this.heard.flatMap(([of, names]) => (of === tenant ? names : []));
  }
  private say(tenant: TenantId, reports: readonly Report[]) {
    this.tries += 1;
    const failure = this.answers();
    if (failure instanceof Error) return Promise.reject(failure);
    this.heard.push([tenant, reports.map(({ session }) => session)]);
    return Promise.resolve({ enqueued: 0, dropped: 0 });
  }
}
const away = new BatonError('unavailable');
const names = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`);

it('those of one turn go together, in batches', async () => {
  const redis = new Redis();
  redis.left(acme, ...names(450));
  redis.left(umbrella, 'other');
  await settle();
  expect(redis.heard.map(([tenant, of]) => [tenant, of.length])).toEqual(
    expect.arrayContaining([
      [acme, 200],
      [acme, 200],
      [acme, 50],
      [umbrella, 1],
    ]),
  );
  expect(redis.heardOf(acme)).toEqual(names(450));
});

it('while Redis is away they are said again with pauses, and nothing overtakes', async () => {
  const redis = new Redis();
  redis.answers = () => away;
  redis.left(acme, 'a', 'b');
  await settle();
  redis.left(acme, 'c');
  redis.left(umbrella, 'd');
  await redis.clock.run(10_000, 50);
  expect(redis.heard).toEqual([]);
  expect(redis.tries).toBeLessThan(60);
  redis.answers = () => null;
  await redis.clock.run(2_500, 50);
  expect([redis.heardOf(acme), redis.heardOf(umbrella)]).toEqual([['a', 'b', 'c'], ['d']]);
  expect(redis.clock.timers).toBe(0);
});

it('what Redis will never take holds up nothing', async () => {
  const redis = new Redis();
  let first = true;
  redis.answers = () => {
    const failure = first ? new BatonError('internal', 'no such script') : null;
    first = false;
    return failure;
  };
  redis.left(acme, 'a');
  await settle();
  redis.left(acme, 'b');
  await settle();
  expect(redis.heardOf(acme)).toEqual(['b']);
});

it('a pod that ends says nothing more', async () => {
  const redis = new Redis();
  redis.answers = () => away;
  redis.left(acme, 'a');
  await settle();
  redis.reports.stop();
  redis.answers = () => null;
  await redis.clock.run(5_000, 100);
  expect(redis.heard).toEqual([]);
  expect(redis.clock.timers).toBe(0);
});
