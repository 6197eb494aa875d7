import { complaintsOf } from '../judge/summary.js';
import { count, type Verdict } from '../judge/verdict.js';
import type { Pair } from './draw.js';

/** What became of one pair. */
export interface PairOutcome {
  readonly pair: Pair;
  /** Of its part of the crowd's history; null if it didn't come to a judgement. */
  readonly verdict: Verdict | null;
  /** Sentences; none if every promise was kept. */
  readonly complaints: readonly string[];
  readonly tookMs: number;
  /** Where the logs are, if there were complaints. */
  readonly keptLogs: string | null;
}

/** Sentences about the verdict; resets are explained where Redis lost messages, reported losses by those messages only. */
export function complaintsAbout(verdict: Verdict, { rewinds }: Pick<Pair, 'rewinds'>): string[] {
  const { resets, lostForNothing } = verdict;
  return [
    ...complaintsOf(verdict),
    ...(resets > 0 && !rewinds ? [`${resets} resets, although Redis lost nothing`] : []),
    ...(lostForNothing > 0 ? [`${lostForNothing} messages reported as lost by Redis, which lost none of them`] : []),
  ];
}

/** One line, and one more for each complaint. */
export function pairLines({ pair, verdict, complaints, tookMs, keptLogs }: PairOutcome): readonly string[] {
  const [first, second] = pair.faults;
  const what = `${first.name} + ${second.name}, ${pair.apartMs} ms apart`;
  const figures = verdict === null ? 'no judgement' : figuresOf(verdict);
  const line = `#${pair.number} ${complaints.length === 0 ? 'kept  ' : 'BROKEN'} ${what} (${seconds(tookMs)} s): ${figures}`;
  return [
    line,
    ...complaints.map((text) => `    ${text}`),
    ...(keptLogs === null ? [] : [`    its logs: ${keptLogs}`]),
  ];
}

function figuresOf(verdict: Verdict): string {
  const { deliveries, moves, resets, lostByRedis, forcedCloses, delayMs } = verdict;
  return [
    `${deliveries} deliveries`,
    `${count(verdict, 'LOST')} lost`,
    `${count(verdict, 'REPEATED')} repeated`,
    `${count(verdict, 'REORDERED')} reordered`,
    `${resets} resets`,
    ...(lostByRedis > 0 ? [`${lostByRedis} reported as lost`] : []),
    `moves ${moves.mean.toFixed(2)} (max ${moves.max})`,
    `${forcedCloses} forced closes`,
    `longest delay ${delayMs.longest.toFixed(0)} ms`,
  ].join(', ');
}

/** The verdict on the whole campaign: several lines. */
export function closingLines(seed: number, outcomes: readonly PairOutcome[], tookMs: number): readonly string[] {
  const verdicts = outcomes.flatMap(({ verdict }) => verdict ?? []);
  const sum = (of: (verdict: Verdict) => number) => verdicts.reduce((total, verdict) => total + of(verdict), 0);
  const explained = (of: (verdict: Verdict) => number, rewinds: boolean) =>
    outcomes
      .filter(({ pair }) => pair.rewinds === rewinds)
      .reduce((total, { verdict }) => total + (verdict === null ? 0 : of(verdict)), 0);
  const [resets, lost] = [(verdict: Verdict) => verdict.resets, (verdict: Verdict) => verdict.lostByRedis];
  return [
    `seed ${seed}: ${outcomes.length} pairs of faults in ${seconds(tookMs)} s, ${sum(({ deliveries }) => deliveries)} deliveries`,
    `  lost ${sum((verdict) => count(verdict, 'LOST'))}, repeated ${sum((verdict) => count(verdict, 'REPEATED'))}, ` +
      `reordered ${sum((verdict) => count(verdict, 'REORDERED'))}, silent gaps ${sum((verdict) => count(verdict, 'SILENT GAP'))}`,
    `  resets: ${explained(resets, true)} where Redis was rewound, ${explained(resets, false)} unexplained; ` +
      `reported as lost by Redis: ${explained(lost, true)} where it was rewound, ${explained(lost, false)} unexplained`,
    `  moves ${sum(({ moves, clients }) => Math.round(moves.mean * clients))}, forced closes ${sum(({ forcedCloses }) => forcedCloses)}, ` +
      `longest delay ${Math.max(0, ...verdicts.map(({ delayMs }) => delayMs.longest)).toFixed(0)} ms`,
    `verdict: ${verdictOn(outcomes)}`,
  ];
}

function verdictOn(outcomes: readonly PairOutcome[]): string {
  const broken = outcomes.filter(({ complaints }) => complaints.length > 0);
  if (outcomes.length === 0) return 'none: nothing was judged';
  if (broken.length === 0) return 'every promise was kept';
  const numbers = broken.map(({ pair }) => `#${pair.number}`).join(', ');
  return `BROKEN in ${broken.length} of ${outcomes.length} pairs (${numbers})`;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(0);
