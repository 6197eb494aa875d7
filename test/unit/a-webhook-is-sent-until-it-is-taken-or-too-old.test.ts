import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asTenantId } from '../../src/protocol/ids.js';
import { DeliverySlots } from '../../src/webhooks/delivery-slots.js';
import { afterSending, presumed, standingAfter, type Sent } from '../../src/webhooks/retry-rule.js';

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
  const several = (count: number) => Array.from({ length: count }, (_, index) => asTenantId(`tenant-${index}`));

  it('to one receiver are an eighth of all', () => {
    const slots = new DeliverySlots(64);
    slots.note(one, 'quick');
    expect(slots.reserve(one)).toBe(8);
    expect([slots.free(one), slots.free(other)]).toEqual([0, 1]);
    slots.giveBack(one, 1);
    expect(slots.free(one)).toBe(1);
    expect(slots.isRoomy(one)).toBe(false);
    slots.giveBack(one, 3);
    expect(slots.isRoomy(one)).toBe(true);
  });

  it('are reserved for one who asks, and no other can have them', () => {
    const slots = new DeliverySlots(64);
    const tenants = several(100);
    for (const tenant of tenants) slots.note(tenant, 'quick');
    const reserved = tenants.map((tenant) => slots.reserve(tenant));
    expect(reserved.reduce((sum, count) => sum + count, 0)).toBe(64);
    // The fewer are left, the fewer one gets of them.
    expect(reserved.filter((count) => count > 0).length).toBeGreaterThan(16);
  });

  it('to one that fails are one at a time, until it takes something', () => {
    const slots = new DeliverySlots(64);
    slots.note(one, 'failing');
    expect(slots.reserve(one)).toBe(1);
    expect([slots.free(one), slots.isRoomy(one)]).toEqual([0, false]);
    slots.note(one, 'quick');
    slots.giveBack(one, 1);
    expect([slots.free(one), slots.isRoomy(one)]).toEqual([8, true]);
  });

  it('to one that nobody knows is one, to one that is slow are a few, and only when its turn comes', () => {
    const slots = new DeliverySlots(64);
    expect([slots.free(one), slots.isRoomy(one)]).toEqual([1, true]);
    slots.note(other, 'slow');
    expect([slots.free(other), slots.isRoomy(other)]).toEqual([4, false]);
  });

  it.each(['failing', 'slow'] as const)('to those that are %s leave half of them to the others', (standing) => {
    const slots = new DeliverySlots(64);
    const poor = several(60);
    for (const tenant of poor) slots.note(tenant, standing);
    expect(poor.reduce((sum, tenant) => sum + slots.reserve(tenant), 0)).toBe(32);
    expect(slots.free(one)).toBe(1);
  });

  it('to those that were never quick leave a quarter of them to the others', () => {
    const slots = new DeliverySlots(64);
    for (const tenant of several(60)) slots.reserve(tenant);
    slots.note(one, 'quick');
    expect([slots.free(other), slots.reserve(one)]).toEqual([0, 2]);
    slots.note(one, 'failing');
    expect(slots.free(one)).toBe(0);
  });
});

describe('what a sending says of its receiver', () => {
  const patience = { timeoutMs: 10_000 };
  it.each([
    ['it takes it soon', { kind: 'delivered' } as const, 2_500, 'quick'],
    ['it takes it late', { kind: 'delivered' } as const, 2_501, 'slow'],
    ['it does not take it', { kind: 'again', afterMs: 1 } as const, 5, 'failing'],
    ['it wants none of it', { kind: 'given-up', why: 'gone' } as const, 5, 'failing'],
  ])('%s', (_what, after, tookMs, standing) => {
    expect(standingAfter(after, tookMs, patience)).toBe(standing);
  });

  it('one whose events have waited before this pod knows of it is not trusted', () => {
    expect(presumed('new', 2_500, patience)).toBe('new');
    expect(presumed('new', 2_501, patience)).toBe('slow');
    expect(presumed('quick', 60_000, patience)).toBe('quick');
  });
});
