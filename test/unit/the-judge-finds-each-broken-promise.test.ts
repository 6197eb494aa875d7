import { describe, expect, it } from '@jest/globals';
import { brokenPromises, judge } from '../support/judge/verdict.js';
import { HandWritten } from '../support/judge/written-by-hand.js';

const room = 'acme/channel:room';

/** Two clients in one room, before anything is sent. */
const twoClients = () =>
  new HandWritten().welcomed('ann').welcomed('bob').subscribed('ann', room).subscribed('bob', room);

/** What the judge finds once both have ended well. */
const broken = (log: HandWritten) => [...brokenPromises(judge(log.ended('ann', 'bob').history()).whole)];

describe('the judge', () => {
  it('is content when everything acknowledged reached everybody once and in order', () => {
    const log = twoClients().sent('m1', room).sent('m2', room);
    for (const who of ['ann', 'bob']) log.received(who, 'm1', room).received(who, 'm2', room);
    expect(broken(log)).toEqual([]);
  });

  it('is content with a hand-over, in which the old connection closes last', () => {
    const log = twoClients().sent('m1', room).received('ann', 'm1', room).received('bob', 'm1', room);
    log.welcomed('ann', 2, 'pod-2').sent('m2', room).received('bob', 'm2', room);
    log.received('ann', 'm2', room, { attempt: 2 }).closed('ann', 1);
    expect(broken(log)).toEqual([]);
  });

  it('finds LOST what was acknowledged and reached only one of two', () => {
    expect(broken(twoClients().sent('m1', room).received('ann', 'm1', room))).toEqual(['LOST']);
  });

  it('asks nothing for those who subscribed only afterwards', () => {
    const log = new HandWritten().welcomed('ann').welcomed('bob').sent('m1', room);
    expect(broken(log.subscribed('ann', room).subscribed('bob', room))).toEqual([]);
  });

  it('takes a reset for what was sent before it, and for nothing later', () => {
    const log = twoClients().sent('m1', room).received('ann', 'm1', room);
    log.note('bob', { kind: 'reset', stream: room, reason: 'trimmed' });
    expect(broken(log.sent('m2', room).received('ann', 'm2', room))).toEqual(['LOST']);
    const covered = twoClients().sent('m1', room).received('ann', 'm1', room);
    expect(broken(covered.note('bob', { kind: 'reset', stream: room, reason: 'trimmed' }))).toEqual([]);
  });

  it('lets a message of unknown outcome be missing, and one that was reported as lost', () => {
    expect(broken(twoClients().sent('m1', room, 'unknown').sent('m2', room, 'lost-by-redis'))).toEqual([]);
  });

  it('finds REPEATED what an application was given twice', () => {
    const log = twoClients().sent('m1', room).received('ann', 'm1', room).received('bob', 'm1', room);
    expect(broken(log.received('bob', 'm1', room, { offset: 2 }))).toEqual(['REPEATED']);
  });

  it('finds REPEATED a message of unknown outcome that is in the log twice, though nobody saw both', () => {
    const log = twoClients().sent('m1', room, 'unknown').received('ann', 'm1', room);
    expect(broken(log.received('bob', 'm1', room, { offset: 2 }))).toEqual(['REPEATED']);
  });

  it('finds REORDERED offsets that shrink, and numbers of a publisher that do', () => {
    const log = twoClients().sent('m1', room).sent('m2', room).received('bob', 'm1', room).received('bob', 'm2', room);
    expect(broken(log.received('ann', 'm2', room).received('ann', 'm1', room))).toEqual(['REORDERED']);
    const numbers = twoClients().sent('m1', room, 'unknown').sent('m2', room, 'unknown');
    numbers.received('ann', 'm2', room, { offset: 1 }).received('ann', 'm1', room, { offset: 2 });
    expect(broken(numbers)).toEqual(['REORDERED']);
  });

  it('finds REORDERED another entry in the place of the last one', () => {
    const log = () => twoClients().received('ann', 'm1', room);
    expect(broken(log().received('ann', 'm2', room, { offset: 1, id: 'other' }))).toEqual(['REORDERED']);
    const told = log().reset('ann', room).received('ann', 'm2', room, { offset: 1, id: 'other' });
    expect(broken(told)).toEqual([]);
  });

  it('lets offsets begin again after a reset', () => {
    const log = twoClients().sent('m7', room, 'unknown').received('ann', 'm7', room);
    log.note('ann', { kind: 'reset', stream: room, reason: 'lost' });
    expect(broken(log.sent('m8', room, 'unknown').received('ann', 'm8', room, { offset: 1 }))).toEqual([]);
  });

  it('finds a SILENT GAP in the offsets, whatever became of the messages', () => {
    const log = () => twoClients().received('ann', 'm1', room);
    expect(broken(log().received('ann', 'm3', room))).toEqual(['SILENT GAP']);
    expect(broken(log().reset('ann', room).received('ann', 'm3', room))).toEqual([]);
    expect(broken(log().reset('bob', room).received('ann', 'm3', room))).toEqual(['SILENT GAP']);
    expect(broken(log().received('ann', 'm3', 'acme/channel:another'))).toEqual([]);
  });

  it('forgives what follows from a rewound stream, there only and until then', () => {
    const rewound = (log: HandWritten) => log.note('redis', { kind: 'rewound', stream: room, sinceUs: 0 });
    expect(broken(rewound(twoClients().sent('m1', room).received('ann', 'm1', room)))).toEqual([]);
    expect(broken(rewound(twoClients()).sent('m1', room).received('ann', 'm1', room))).toEqual(['LOST']);
    const again = (log: HandWritten) => log.reset('ann', room).received('ann', 'm1', room);
    const sent = () => twoClients().sent('m1', room, 'unknown').sent('m2', room, 'unknown');
    const both = () => sent().received('ann', 'm1', room).received('ann', 'm2', room);
    expect(broken(again(rewound(both())))).toEqual([]);
    expect(broken(again(both()))).toEqual(['REPEATED', 'REORDERED']);
    expect(broken(rewound(both()).received('ann', 'm1', room, { offset: 3 }))).toEqual(['REPEATED', 'REORDERED']);
  });

  it('finds UNREPORTED what Redis was rewound over and its publisher holds for acknowledged', () => {
    const rewound = (log: HandWritten, fromUs: number) =>
      log.note('redis', { kind: 'taken-back', stream: room, fromUs, untilUs: log.nowUs + 500 });
    const sent = (outcome?: 'lost-by-redis') => {
      const log = twoClients().sent('m1', room, outcome, 'ann');
      return outcome === undefined ? log.received('ann', 'm1', room).received('bob', 'm1', room) : log;
    };
    expect(broken(rewound(sent(), 0))).toEqual(['UNREPORTED']);
    expect(broken(rewound(sent('lost-by-redis'), 0))).toEqual([]);
    expect(broken(rewound(sent(), sent().nowUs))).toEqual([]);
    expect(broken(rewound(sent(), 0).closed('ann', 1, 4010))).toEqual([]);
    const byBackend = twoClients().sent('m1', room).received('ann', 'm1', room).received('bob', 'm1', room);
    expect(broken(rewound(byBackend, 0))).toEqual([]);
  });

  it('finds FOREIGN the marker of another tenant', () => {
    expect(broken(twoClients().received('ann', 'm1', room, { tenant: 'evil' }))).toEqual(['FOREIGN']);
  });

  it('finds what was refused and delivered all the same', () => {
    const log = twoClients().note('ann', { kind: 'send', stream: room, uid: 'm1' });
    log.note('ann', { kind: 'refused', uid: 'm1', code: 'forbidden' }).received('bob', 'm1', room);
    expect(broken(log)).toEqual(['REFUSED BUT DELIVERED']);
  });

  it('finds a session that began anew NOT RESUMED', () => {
    expect(broken(twoClients().welcomed('ann', 2, 'pod-2', 'another-session'))).toEqual(['NOT RESUMED']);
  });

  it('finds STRANDED those without a connection, with open messages, or without an end', () => {
    const strandedBy = (log: HandWritten) => [...brokenPromises(judge(log.history()).whole)];
    const alone = () => new HandWritten().welcomed('ann');
    expect(strandedBy(alone())).toEqual(['STRANDED']);
    expect(strandedBy(alone().note('ann', { kind: 'ended', connected: false, unsettled: 0 }))).toEqual(['STRANDED']);
    expect(strandedBy(alone().note('ann', { kind: 'ended', connected: true, unsettled: 1 }))).toEqual(['STRANDED']);
    expect(strandedBy(alone().ended('ann'))).toEqual([]);
  });
});

describe('the judge of what pods say and keep', () => {
  const counted = (resets: number | null, forced: number) => ({ kind: 'counted', resets, forced }) as const;

  it('finds UNTOLD the resets that a pod has not counted', () => {
    const log = () => twoClients().reset('ann', room).reset('bob', room);
    expect(broken(log().note('pod-1', counted(2, 0)))).toEqual([]);
    expect(broken(log().note('pod-1', counted(1, 0)))).toEqual(['UNTOLD']);
    expect(broken(log().note('pod-2', counted(0, 0)))).toEqual([]);
    expect(broken(twoClients().note('pod-1', counted(0, 0)).reset('ann', room))).toEqual([]);
  });

  it('does not blame a pod for a reset that may have come from another one', () => {
    const log = () => twoClients().welcomed('ann', 2, 'pod-2');
    expect(broken(log().reset('ann', room).note('pod-2', counted(0, 0)))).toEqual([]);
    expect(broken(log().closed('ann', 1).reset('ann', room).note('pod-2', counted(0, 0)))).toEqual(['UNTOLD']);
  });

  it('finds UNTOLD the closes by force that a pod has not counted', () => {
    const log = () => twoClients().closed('ann', 1, 1012).welcomed('ann', 2, 'pod-2');
    expect(broken(log().note('pod-1', counted(null, 1)))).toEqual([]);
    expect(broken(log().note('pod-1', counted(null, 0)))).toEqual(['UNTOLD']);
  });

  it('finds LEFT BEHIND what is more than 5 %, and more than two, above what was there before', () => {
    const left = (before: number, after: number) =>
      broken(twoClients().note('pod-1', { kind: 'left', what: 'open descriptors', before, after }));
    expect(left(30, 32)).toEqual([]);
    expect(left(30, 33)).toEqual(['LEFT BEHIND']);
    expect(left(0, 1)).toEqual(['LEFT BEHIND']);
    expect(left(1000, 1050)).toEqual([]);
    expect(left(1000, 1051)).toEqual(['LEFT BEHIND']);
  });
});

describe('the judge of ownership', () => {
  const theRuleIsBroken = ['TWO OWNERS'];

  it('finds a lower attempt that is welcomed after a higher one, whoever opened it', () => {
    const log = twoClients().welcomed('ann', 3);
    const session = 'session-of-ann';
    log.note('straggler', { kind: 'welcome', attempt: 2, session, resumed: true, pod: 'pod-2', revision: 'r1' });
    expect(broken(log)).toEqual(theRuleIsBroken);
  });

  it('finds a second client in a session', () => {
    expect(broken(twoClients().welcomed('bob', 2, 'pod-2', 'session-of-ann'))).toEqual(['TWO OWNERS', 'NOT RESUMED']);
  });

  it('finds attempts that do not grow', () => {
    const log = twoClients().welcomed('ann', 2);
    expect(broken(log.note('ann', { kind: 'connect', attempt: 2, url: 'ws://baton' }))).toEqual(theRuleIsBroken);
  });

  it('finds what an old connection delivers after the new one has begun to', () => {
    const log = twoClients().sent('m1', room, 'unknown').sent('m2', room, 'unknown').welcomed('ann', 2);
    log.received('ann', 'm1', room, { attempt: 2 }).received('ann', 'm2', room, { attempt: 1 });
    expect(broken(log)).toEqual(theRuleIsBroken);
  });

  it('finds a registry that names another attempt than that of the newest welcome, or none that is connected', () => {
    const log = () => twoClients().welcomed('ann', 2, 'pod-2');
    const brokenIf = (attempt: number, connected: boolean) =>
      broken(log().note('backend', { kind: 'registered', session: 'session-of-ann', attempt, connected }));
    expect(brokenIf(2, true)).toEqual([]);
    expect(brokenIf(1, true)).toEqual(theRuleIsBroken);
    expect(brokenIf(2, false)).toEqual(theRuleIsBroken);
  });
});
