import { describe, expect, it } from '@jest/globals';
import { spreadOf } from '../support/judge/percentile.js';
import { complaintsOf, summaryOf } from '../support/judge/summary.js';
import { judge } from '../support/judge/verdict.js';
import { HandWritten } from '../support/judge/written-by-hand.js';

const room = 'acme/channel:room';
const whole = (log: HandWritten) => judge(log.history()).whole;

describe('the judge', () => {
  it('counts moves per client: welcomes without the first', () => {
    const log = new HandWritten().welcomed('ann').welcomed('bob').welcomed('ann', 2).welcomed('ann', 3);
    expect(whole(log).moves).toEqual({ mean: 1, max: 2 });
  });

  it('measures no gap where the old connection outlived the welcome of the new one', () => {
    const log = new HandWritten().welcomed('ann').welcomed('ann', 2).closed('ann', 1);
    expect(whole(log).gapMs).toEqual({ count: 1, p50: 0, p99: 0, longest: 0 });
  });

  it('measures as gap what lies between a close and the next welcome, over failed attempts', () => {
    const log = new HandWritten().welcomed('ann').closed('ann', 1, 1006);
    log.note('ann', { kind: 'connect', attempt: 2, url: 'ws://baton' }).closed('ann', 2, 1006);
    log.welcomed('ann', 3);
    expect(whole(log).gapMs.longest).toBe(4);
  });

  it('measures delays from sending to the application', () => {
    const log = new HandWritten().welcomed('ann').subscribed('ann', room);
    expect(whole(log.received('ann', 'm1', room)).delayMs).toEqual({ count: 1, p50: 1, p99: 1, longest: 1 });
  });

  it('attributes violations, moves and deliveries to the phase in which they happened', () => {
    const log = new HandWritten().welcomed('ann').subscribed('ann', room).sent('m1', room);
    const boundaryUs = log.nowUs + 500;
    log.sent('m2', room).received('ann', 'm2', room).welcomed('ann', 2).ended('ann');
    const { phases } = judge(log.history(), [
      { name: 'before', fromUs: 0, toUs: boundaryUs },
      { name: 'after', fromUs: boundaryUs, toUs: Infinity },
    ]);
    expect(phases).toMatchObject([
      { phase: 'before', violations: [{ broken: 'LOST' }], deliveries: 0, moves: { max: 0 } },
      { phase: 'after', violations: [], deliveries: 1, moves: { max: 1 } },
    ]);
  });

  it('says it in a line', () => {
    const log = new HandWritten().welcomed('ann').subscribed('ann', room).sent('m1', room);
    log.received('ann', 'm1', room).welcomed('ann', 2).closed('ann', 1).ended('ann');
    expect(summaryOf(whole(log))).toBe(
      '0 lost, 0 repeated, 0 reordered of 1; moves per client 1.00 (max 1); gap p50 0 p99 0 ms; ' +
        "delay p50 1.0 p99 1.0 ms longest 1.0 ms; a client's longest p50 1.0 p99 1.0 ms; every client resumed",
    );
  });

  it('says how many messages clients reported as lost by Redis', () => {
    const log = new HandWritten().welcomed('ann').subscribed('ann', room).ended('ann');
    expect(whole(log).lostByRedis).toBe(0);
    log.sent('m1', room, 'lost-by-redis').sent('m2', room, 'lost-by-redis');
    expect(whole(log).lostByRedis).toBe(2);
    expect(summaryOf(whole(log))).toMatch(/; 2 reported as lost by Redis$/);
  });

  it('tells the first complaints and counts the rest', () => {
    const log = new HandWritten().welcomed('ann').subscribed('ann', room).ended('ann');
    for (const uid of ['m1', 'm2', 'm3']) log.sent(uid, room);
    expect(complaintsOf(whole(log), 2)).toEqual([
      'LOST: ann never got m1 of acme/channel:room, which was acknowledged',
      'LOST: ann never got m2 of acme/channel:room, which was acknowledged',
      '... and 1 more',
    ]);
  });

  it('takes percentiles by nearest rank, so that each was measured', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(spreadOf(hundred)).toEqual({ count: 100, p50: 50, p99: 99, longest: 100 });
    expect(spreadOf([])).toEqual({ count: 0, p50: 0, p99: 0, longest: 0 });
  });
});
