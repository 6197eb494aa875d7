import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asTenantId } from '../../src/protocol/ids.js';
import { DeliverySlots } from '../../src/webhooks/delivery-slots.js';
import { afterSending, type Sent } from '../../src/webhooks/retry-rule.js';

const times = { retryForMs: 86_400_000, retryMaxMs: 3_600_000 };
const answered = (status: number, retryAfterMs: number | null = null): Sent => ({
  kind: 'answered',
  status,
  retryAfterMs,
});
const first = { tries: 1, ageMs: 0 };

describe('what follows a sending', () => {
  it.each([200, 201, 204, 299])('that is answered %d: nothing, it is delivered', (status) => {
    expect(afterSending(answered(status), first, times)).toEqual({ kind: 'delivered' });
  });

  it.each([
    ['is redirected', answered(302)],
    ['is refused', answered(400)],
    ['finds nobody', answered(404)],
    ['fails at the receiver', answered(500)],
    ['is too much', answered(429)],
    ['takes too long', { kind: 'timeout' } as const],
    ['reaches nobody', { kind: 'unreachable' } as const],
  ])('that %s: another, after a pause', (_what, sent) => {
    expect(afterSending(sent, first, times, () => 0.5)).toEqual({ kind: 'again', afterMs: 1_000 });
  });

  it('that is answered 410: none', () => {
    expect(afterSending(answered(410), first, times)).toEqual({ kind: 'given-up', why: 'gone' });
  });

  it('is put off for as long as the receiver asks, within the longest pause', () => {
    expect(afterSending(answered(503, 30_000), first, times)).toEqual({ kind: 'again', afterMs: 30_000 });
    expect(afterSending(answered(503, 1e9), first, times)).toEqual({ kind: 'again', afterMs: 3_600_000 });
    expect(afterSending(answered(200, 30_000), first, times)).toEqual({ kind: 'delivered' });
  });

  it('is put off at random up to twice as long each time, never beyond the longest pause or the end', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 0, max: times.retryForMs - 1 }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (tries, ageMs, chance) => {
          const after = afterSending({ kind: 'timeout' }, { tries, ageMs }, times, () => chance);
          if (after.kind !== 'again') throw new Error('given up before its time');
          const mostMs = Math.min(1_000 * 2 ** tries, times.retryMaxMs);
          expect(after.afterMs).toBeLessThanOrEqual(mostMs);
          expect(ageMs + after.afterMs).toBeLessThanOrEqual(times.retryForMs);
        },
      ),
    );
  });

  it('at the end of its time: none', () => {
    const old = { tries: 60, ageMs: times.retryForMs };
    expect(afterSending(answered(500), old, times)).toEqual({ kind: 'given-up', why: 'too-old' });
    expect(afterSending(answered(200), old, times)).toEqual({ kind: 'delivered' });
  });
});

describe('sendings that are under way', () => {
  const [one, other] = [asTenantId('one'), asTenantId('other')];

  it('to one receiver are an eighth of all', () => {
    const slots = new DeliverySlots(64);
    for (let count = 0; count < 8; count += 1) slots.take(one);
    expect([slots.free(one), slots.free(other)]).toEqual([0, 8]);
    slots.giveBack(one);
    expect(slots.free(one)).toBe(1);
    expect(slots.isRoomy(one)).toBe(false);
  });

  it('to one that fails are one at a time, until it takes something', () => {
    const slots = new DeliverySlots(64);
    slots.note(one, true);
    expect(slots.free(one)).toBe(1);
    slots.take(one);
    expect([slots.free(one), slots.isRoomy(one)]).toEqual([0, false]);
    slots.note(one, false);
    slots.giveBack(one);
    expect([slots.free(one), slots.isRoomy(one)]).toEqual([8, true]);
  });

  it('to those that fail leave half of them to the others', () => {
    const slots = new DeliverySlots(8);
    const failing = Array.from({ length: 6 }, (_, index) => asTenantId(`failing-${index}`));
    for (const tenant of failing) {
      slots.note(tenant, true);
      if (slots.free(tenant) > 0) slots.take(tenant);
    }
    expect(failing.map((tenant) => slots.free(tenant))).toEqual([0, 0, 0, 0, 0, 0]);
    expect(slots.free(one)).toBe(1);
  });
});
