import type { Verdict } from '../../test/support/judge/verdict.js';

/** What a part of the demonstration has to keep, besides that nothing is lost, repeated or reordered. */
export interface PlannedMoves {
  /** Moves of each client on average; null: whatever it takes. */
  readonly mean: number | null;
  readonly max: number;
}

const limits = { gapP99Ms: 50, longestDelayMs: 1000 };

/** Sentences about what a verdict says against the promise; none if it was kept. */
export function breaches(verdict: Verdict, planned: PlannedMoves | null): string[] {
  const { violations, resets, moves, gapMs, delayMs } = verdict;
  const found = [
    ...sentence(violations.length > 0, `${violations.length} violations`),
    ...sentence(resets > 0, `${resets} resets, although Redis lost nothing`),
  ];
  if (planned === null) return found;
  const mean = moves.mean.toFixed(2);
  return [
    ...found,
    ...sentence(planned.mean !== null && mean !== planned.mean.toFixed(2), `${mean} moves per client on average`),
    ...sentence(moves.max > planned.max, `a client moved ${moves.max} times`),
    ...sentence(gapMs.p99 > limits.gapP99Ms, `gap p99 ${gapMs.p99.toFixed(0)} ms, above ${limits.gapP99Ms} ms`),
    ...sentence(
      delayMs.longest > limits.longestDelayMs,
      `a message took ${delayMs.longest.toFixed(0)} ms, above ${limits.longestDelayMs} ms`,
    ),
  ];
}

const sentence = (broken: boolean, text: string): string[] => (broken ? [text] : []);
