import { describe, expect, it } from '@jest/globals';
import { closingLines, complaintsAbout, pairLines, type PairOutcome } from '../support/campaign/campaign-report.js';
import { diceOf, drawPair, faultNames, isUndisturbed, type DrawOptions } from '../support/campaign/draw.js';
import { outageComplaints } from '../support/campaign/redis-away.js';
import { judge } from '../support/judge/verdict.js';
import { HandWritten } from '../support/judge/written-by-hand.js';

const single: DrawOptions = { long: false, outage: false, topology: 'single' };
const everyKind: readonly DrawOptions[] = [
  single,
  { ...single, long: true },
  { ...single, topology: 'sentinel' },
  { ...single, topology: 'cluster' },
];
const pairs = (seed: number, count = 300, options = single) =>
  Array.from({ length: count }, (_, n) => drawPair(seed, n + 1, options));
const namesOf = (seed: number) =>
  pairs(seed, 20).map(({ faults, apartMs }) => `${faults[0].name} ${faults[1].name} ${apartMs}`);

describe('a campaign', () => {
  it('draws the same faults, and the same of each, from the same seed, and others from another', () => {
    expect(namesOf(7)).toEqual(namesOf(7));
    expect(namesOf(8)).not.toEqual(namesOf(7));
    const draws = (seed: number, place: number) => {
      const dice = diceOf(seed, drawPair(seed, 3, single), place);
      return [dice.chance(), dice.between(1, 1_000_000)];
    };
    expect(draws(7, 0)).toEqual(draws(7, 0));
    expect(draws(7, 1)).not.toEqual(draws(7, 0));
  });

  it('draws a pair by its number, whatever came before', () => {
    expect(drawPair(7, 12, single)).toEqual(pairs(7)[11]);
  });

  it.each(everyKind)('leaves no fault out of $topology, long: $long', (options) => {
    const drawn = new Set(pairs(1, 400, options).flatMap(({ faults }) => faults.map(({ name }) => name)));
    expect([...drawn].sort()).toEqual([...faultNames(options)].sort());
  });

  it('draws outages of minutes only when told', () => {
    const known = faultNames(single);
    const more = faultNames({ ...single, long: true }).filter((name) => !known.includes(name));
    expect(more).toEqual(['Redis away for 7 minutes']);
  });

  it('begins with outages of minutes, undisturbed, when told', () => {
    const firstOf = (options: DrawOptions) =>
      pairs(3, 2, options).map((pair) => isUndisturbed(pair, 1) && pair.faults[1].name);
    expect(firstOf({ ...single, long: true, outage: true })).toEqual([
      'Redis away for 7 minutes',
      'Redis away for 2 minutes',
    ]);
    expect(firstOf({ ...single, outage: true })[0]).toBe('Redis away for 2 minutes');
    expect(drawPair(3, 3, { ...single, outage: true })).toEqual(drawPair(3, 3, single));
    expect(drawPair(3, 1, { ...single, topology: 'sentinel', outage: true })).toEqual(
      drawPair(3, 1, { ...single, topology: 'sentinel' }),
    );
  });

  it('says what an outage has broken', () => {
    expect(outageComplaints(0, [], [])).toEqual([]);
    expect(outageComplaints(2, ['ann: 1011 '], ['late'])).toEqual([
      '2 publishes acknowledged while it was away',
      '1 sockets closed, the first of ann: 1011 ',
      'late',
    ]);
  });

  it('never lets two faults happen together that would be in each other’s way', () => {
    for (const { faults } of everyKind.flatMap((options) => pairs(1, 300, options)))
      expect(faults[0].turn).not.toBe(faults[1].turn);
  });
});

describe('the report of a campaign', () => {
  const pair = drawPair(1, 1, single);
  const room = 'acme/channel:room';
  const verdictOf = (log: HandWritten) => judge(log.ended('ann').history()).whole;
  const ann = () => new HandWritten().welcomed('ann').subscribed('ann', room);
  const kept: PairOutcome = { pair, verdict: verdictOf(ann()), complaints: [], tookMs: 1_000, keptLogs: null };
  const verdictLine = (outcomes: readonly PairOutcome[]) => closingLines(1, outcomes, 1_000).at(-1);

  it('ends with the verdict', () => {
    expect(verdictLine([kept])).toBe('verdict: every promise was kept');
    expect(verdictLine([kept, { ...kept, complaints: ['it did not heal'] }])).toBe(
      'verdict: BROKEN in 1 of 2 pairs (#1)',
    );
    expect(verdictLine([])).toBe('verdict: none: nothing was judged');
  });

  const forNothing = '1 messages reported as lost by Redis, which lost none of them';

  it('explains resets and reported losses where Redis was rewound, and nowhere else', () => {
    const log = () => ann().sent('m1', room, 'lost-by-redis').reset('ann', room);
    const rewound = log().note('redis', { kind: 'rewound', stream: room, sinceUs: 0 });
    expect(complaintsAbout(verdictOf(rewound), { rewinds: true })).toEqual([]);
    expect(complaintsAbout(verdictOf(log()), { rewinds: true })).toEqual([forNothing]);
    expect(complaintsAbout(verdictOf(log()), { rewinds: false })).toEqual([
      '1 resets, although Redis lost nothing',
      forNothing,
    ]);
  });

  it('hears a false report in the pair in which it is made, about whatever pair', () => {
    const log = ann().sent('m1', room);
    const boundaryUs = log.nowUs + 500;
    log.note('backend', { kind: 'lost-by-redis', uid: 'm1' }).ended('ann');
    const verdict = judge(log.history(), [
      { name: '#1', fromUs: 0, toUs: boundaryUs },
      { name: '#2', fromUs: boundaryUs, toUs: Infinity },
    ]).phases.at(-1);
    expect(verdict && complaintsAbout(verdict, { rewinds: false })).toEqual([forNothing]);
  });

  it('says where the logs of a broken pair are', () => {
    const lines = pairLines({ ...kept, complaints: ['it did not heal'], keptLogs: 'test-results/here' });
    expect(lines[0]).toContain('#1 BROKEN');
    expect(lines.slice(1)).toEqual(['    it did not heal', '    its logs: test-results/here']);
  });
});
