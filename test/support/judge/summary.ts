import type { Spread } from './percentile.js';
import { count, type Verdict } from './verdict.js';
import type { ViolationClass } from './violation.js';

/** One line for people, the same wherever the judge speaks. */
export function summaryOf(verdict: Verdict): string {
  const { moves, gapMs, delayMs, longestPerClientMs } = verdict;
  const parts = [
    `${count(verdict, 'LOST')} lost, ${count(verdict, 'REPEATED')} repeated, ${count(verdict, 'REORDERED')} reordered of ${verdict.deliveries}`,
    `moves per client ${moves.mean.toFixed(2)} (max ${moves.max})`,
    gapMs.count === 0 ? 'no gap' : `gap ${spread(gapMs)}`,
    `delay ${spread(delayMs)} longest ${ms(delayMs.longest)} ms`,
    `a client's longest ${spread(longestPerClientMs)}`,
    resumed(verdict),
    ...others(verdict),
  ];
  return parts.join('; ');
}

/** The first violations as sentences, and how many more there are. */
export function complaintsOf({ violations }: Verdict, atMost = 10): string[] {
  const told = violations.slice(0, atMost).map(({ broken, sentence }) => `${broken}: ${sentence}`);
  const more = violations.length - told.length;
  return more > 0 ? [...told, `... and ${more} more`] : told;
}

function resumed(verdict: Verdict): string {
  const anew = count(verdict, 'NOT RESUMED');
  return anew === 0 ? 'every client resumed' : `${anew} began anew`;
}

const rare: readonly (readonly [broken: ViolationClass, text: string])[] = [
  ['SILENT GAP', 'silent gaps'],
  ['UNREPORTED', 'lost by Redis and not reported'],
  ['TWO OWNERS', 'breaches of ownership'],
  ['FOREIGN', 'seen by another tenant'],
  ['REFUSED BUT DELIVERED', 'delivered although refused'],
  ['STRANDED', 'left stranded'],
  ['LEFT BEHIND', 'things left behind'],
  ['UNTOLD', 'anomalies that no pod counted'],
];

function others(verdict: Verdict): string[] {
  const broken = rare
    .filter(([name]) => count(verdict, name) > 0)
    .map(([name, text]) => `${count(verdict, name)} ${text}`);
  return [
    ...broken,
    ...(verdict.resets === 0 ? [] : [`${verdict.resets} resets`]),
    ...(verdict.lostByRedis === 0 ? [] : [`${verdict.lostByRedis} reported as lost by Redis`]),
  ];
}

const spread = ({ p50, p99 }: Spread): string => `p50 ${ms(p50)} p99 ${ms(p99)} ms`;
const ms = (value: number): string => (value === 0 || value >= 10 ? value.toFixed(0) : value.toFixed(1));
