import { expect, it } from '@jest/globals';
import { WaitingReads } from '../../src/messaging/waiting-reads.js';
import { asTenantId } from '../../src/protocol/ids.js';

const nobodyLeaves = new AbortController().signal;
const refused = expect.objectContaining({ code: 'busy', retryAfterMs: 2_000 });
const keyOf = (keyId: string, tenant = keyId) => ({ keyId, tenant: asTenantId(tenant) });
const takeMany = (reads: WaitingReads, key: string, count: number, tenant = key) =>
  Array.from({ length: count }, () => reads.take(keyOf(key, tenant), nobodyLeaves));

it('one key leaves room for others, and a place that is left is another’s', () => {
  const reads = new WaitingReads();
  const [first] = takeMany(reads, 'a', 250);
  expect(() => reads.take(keyOf('a'), nobodyLeaves)).toThrow(refused);
  expect(() => reads.take(keyOf('b'), nobodyLeaves)).not.toThrow();
  first?.leave();
  first?.leave();
  expect(reads.size).toBe(250);
  takeMany(reads, 'a', 1);
  expect(() => reads.take(keyOf('a'), nobodyLeaves)).toThrow(refused);
});

it('one tenant leaves room for others, however many keys it has', () => {
  const reads = new WaitingReads();
  const taken = ['a', 'b'].flatMap((key) => takeMany(reads, key, 250, 'acme'));
  expect(() => reads.take(keyOf('c', 'acme'), nobodyLeaves)).toThrow(refused);
  takeMany(reads, 'd', 250, 'umbrella');
  taken[0]?.leave();
  taken[0]?.leave();
  takeMany(reads, 'c', 1, 'acme');
  expect(() => reads.take(keyOf('c', 'acme'), nobodyLeaves)).toThrow(refused);
  for (const place of taken) place.leave();
  takeMany(reads, 'a', 250, 'acme');
});

it('all keys together have a thousand places', () => {
  const reads = new WaitingReads();
  const taken = ['a', 'b', 'c', 'd'].flatMap((key) => takeMany(reads, key, 250));
  expect(() => reads.take(keyOf('e'), nobodyLeaves)).toThrow(refused);
  for (const place of taken) place.leave();
  expect(reads.size).toBe(0);
  takeMany(reads, 'a', 250);
});

it('one whose caller has hung up waits no longer, nor does one whose caller already had', () => {
  const reads = new WaitingReads();
  const gone = new AbortController();
  const place = reads.take(keyOf('a'), gone.signal);
  expect(place.signal.aborted).toBe(false);
  gone.abort();
  expect(place.signal.aborted).toBe(true);
  expect(reads.take(keyOf('a'), gone.signal).signal.aborted).toBe(true);
});

it('a drain ends those that wait, and lets newcomers wait for a second at most', () => {
  const reads = new WaitingReads();
  const [one, two] = [reads.take(keyOf('a'), nobodyLeaves), reads.take(keyOf('b'), nobodyLeaves)];
  expect(one.longestMs).toBe(Infinity);
  reads.drain();
  expect([one.signal.aborted, two.signal.aborted]).toEqual([true, true]);
  const late = reads.take(keyOf('a'), nobodyLeaves);
  expect([late.signal.aborted, late.longestMs]).toEqual([false, 1_000]);
});
