import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Rate } from '../../src/connections/rate.js';

/** Sends one a `everyMs` from `fromMs` to `toMs`, exclusive; what was said to each. */
function sending(rate: Rate, fromMs: number, toMs: number, everyMs: number): readonly string[] {
  const said: string[] = [];
  for (let nowMs = fromMs; nowMs < toMs; nowMs += everyMs) said.push(rate.take(1, nowMs).kind);
  return said;
}
const taken = (said: readonly string[]): number => said.filter((kind) => kind === 'take').length;

describe('a rate', () => {
  it('takes two seconds at once, then nothing until half of that is there again', () => {
    const rate = new Rate(10, 0);
    for (let count = 0; count < 20; count += 1) expect(rate.take(1, 0).kind).toBe('take');
    expect(rate.take(1, 0)).toEqual({ kind: 'wait', retryAfterMs: 1_000 });
    expect(rate.take(1, 400)).toEqual({ kind: 'wait', retryAfterMs: 600 });
    expect(rate.take(1, 1_000).kind).toBe('take');
    expect(taken(Array.from({ length: 20 }, () => rate.take(1, 1_000).kind))).toBe(9);
  });

  it('takes everything of whoever stays below it', () => {
    expect(new Set(sending(new Rate(10, 0), 0, 600_000, 100))).toEqual(new Set(['take']));
  });

  it('takes a single one that is larger than all that it allows, and lets the next wait for it', () => {
    const rate = new Rate(10, 0);
    expect(rate.take(50, 0).kind).toBe('take');
    expect(rate.take(1, 0)).toEqual({ kind: 'wait', retryAfterMs: 4_000 });
  });

  it('notices who goes on through four waits', () => {
    const rate = new Rate(100, 0);
    const said = sending(rate, 0, 20_000, 2);
    expect(said).toContain('ignored');
    const atMs = said.indexOf('ignored') * 2;
    expect(atMs).toBeGreaterThan(3_500);
    expect(atMs).toBeLessThan(10_000);
  });

  it.each([100, 400, 800, 950])('bears with who stops once it hears, %i ms later, and sends when it may', (lineMs) => {
    const rate = new Rate(100, 0);
    let nowMs = 0;
    for (let burst = 0; burst < 200; burst += 1) {
      let retryAfterMs = 0;
      for (let index = 0; index < 1_024; index += 1) {
        // A window of publishes takes as long to arrive.
        const verdict = rate.take(1, nowMs + (index * lineMs) / 1_024);
        if (verdict.kind === 'ignored') throw new Error(`cut in burst ${burst}`);
        if (verdict.kind === 'wait') retryAfterMs = Math.max(retryAfterMs, verdict.retryAfterMs);
      }
      nowMs += lineMs + retryAfterMs;
    }
  });

  it('lets who went on wait the next time until all is there again', () => {
    const rate = new Rate(100, 0);
    for (let count = 0; count < 200; count += 1) rate.take(1, 0);
    expect(rate.take(1, 0)).toEqual({ kind: 'wait', retryAfterMs: 1_000 });
    for (let count = 0; count < 16; count += 1) rate.take(1, 600);
    for (let count = 0; count < 100; count += 1) expect(rate.take(1, 1_000).kind).toBe('take');
    expect(rate.take(1, 1_000)).toEqual({ kind: 'wait', retryAfterMs: 2_000 });
    for (let count = 0; count < 200; count += 1) expect(rate.take(1, 3_000).kind).toBe('take');
    expect(rate.take(1, 3_000)).toEqual({ kind: 'wait', retryAfterMs: 1_000 });
  });

  it('takes nobody for the other where many are told one by one', () => {
    const said = new Set(sending(new Rate(100, 0, 'many'), 0, 60_000, 2));
    expect(said).toEqual(new Set(['take', 'wait']));
  });

  it('forgives who listens after some time', () => {
    const rate = new Rate(100, 0);
    for (let round = 0; round < 50; round += 1) {
      const said = sending(rate, round * 60_000, round * 60_000 + 4_000, 5);
      expect(said).not.toContain('ignored');
    }
  });

  it('never takes more than its burst and its rate, however the costs fall', () => {
    const step = fc.record({ waitMs: fc.integer({ min: 0, max: 500 }), cost: fc.integer({ min: 1, max: 50 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const rate = new Rate(100, 0);
        let nowMs = 0;
        let sum = 0;
        for (const { waitMs, cost } of steps) {
          nowMs += waitMs;
          if (rate.take(cost, nowMs).kind === 'take') sum += cost;
        }
        expect(sum).toBeLessThanOrEqual(200 + nowMs / 10);
      }),
    );
  });
});
