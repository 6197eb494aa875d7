import { describe, expect, it } from '@jest/globals';
import { breaches, breachesInPhases } from '../support/judge/promise.js';
import { judge } from '../support/judge/verdict.js';
import { HandWritten } from '../support/judge/written-by-hand.js';

const room = 'acme/channel:room';
const planned = { mean: 1, max: 1, longestDelayMs: 1000 };
const ann = () => new HandWritten().welcomed('ann').subscribed('ann', room);
const against = (log: HandWritten, moves: typeof planned | null) => breaches(judge(log.history()).whole, moves);

const overlapping = () => ann().welcomed('ann', 2).closed('ann', 1).ended('ann');
const interrupted = () => ann().closed('ann', 1).welcomed('ann', 2).ended('ann');

describe('the promise', () => {
  it('is kept by a move with both connections open', () => {
    expect(against(overlapping(), planned)).toEqual([]);
  });

  it('is broken by a gap in half of the planned moves, however short', () => {
    expect(against(interrupted(), planned)).toEqual(['gap p50 2.0 ms, above 0 ms']);
    expect(against(interrupted(), null)).toEqual([]);
  });

  it('is broken by a reset and by a message that a client reports as lost, planned or not', () => {
    const lost = ann().sent('m1', room, 'lost-by-redis').ended('ann');
    expect(against(lost, null)).toEqual(['1 messages reported as lost by Redis, which lost nothing']);
    const reset = ann().note('ann', { kind: 'reset', stream: room, reason: 'lost' }).ended('ann');
    expect(against(reset, null)).toEqual(['1 resets, although Redis lost nothing']);
  });

  it('excuses resets and reported losses in those phases only in which Redis was rewound', () => {
    const log = ann();
    const boundaryUs = log.nowUs + 500;
    log.sent('m1', room, 'lost-by-redis').note('ann', { kind: 'reset', stream: room, reason: 'lost' }).ended('ann');
    const judgement = judge(log.history(), [
      { name: 'calm', fromUs: 0, toUs: boundaryUs },
      { name: 'rewound', fromUs: boundaryUs, toUs: Infinity },
    ]);
    expect(breachesInPhases(judgement, new Set(['rewound']))).toEqual([]);
    expect(breachesInPhases(judgement, new Set(['calm']))).toEqual([
      'rewound: 1 resets, although Redis lost nothing',
      'rewound: 1 messages reported as lost by Redis, which lost nothing',
    ]);
  });
});
