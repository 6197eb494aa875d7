import { complaintsOf } from './summary.js';
import type { Verdict } from './verdict.js';

/** What planned moves have to keep, besides that nothing is lost, repeated, reordered or reset. */
export interface PlannedMoves {
  /** Moves of each client on average; null: whatever it takes. */
  readonly mean: number | null;
  readonly max: number;
  /** Any message from sending to the application; null where the machine is too busy to say. */
  readonly longestDelayMs: number | null;
}

const longestGapP99Ms = 50;

/** Sentences about what a verdict says against the promise; none if it was kept. `planned` null: a fault, not a rollout. */
export function breaches(verdict: Verdict, planned: PlannedMoves | null): string[] {
  const found = [
    ...complaintsOf(verdict),
    ...sentence(verdict.resets > 0, `${verdict.resets} resets, although Redis lost nothing`),
  ];
  return planned === null ? found : [...found, ...againstMoves(verdict, planned)];
}

function againstMoves({ moves, gapMs, delayMs }: Verdict, planned: PlannedMoves): string[] {
  const mean = moves.mean.toFixed(2);
  const { longestDelayMs } = planned;
  return [
    ...sentence(planned.mean !== null && mean !== planned.mean.toFixed(2), `${mean} moves per client on average`),
    ...sentence(moves.max > planned.max, `a client moved ${moves.max} times`),
    ...sentence(gapMs.p99 > longestGapP99Ms, `gap p99 ${gapMs.p99.toFixed(0)} ms, above ${longestGapP99Ms} ms`),
    ...sentence(
      longestDelayMs !== null && delayMs.longest > longestDelayMs,
      `a message took ${delayMs.longest.toFixed(0)} ms, above ${String(longestDelayMs)} ms`,
    ),
  ];
}

const sentence = (broken: boolean, text: string): string[] => (broken ? [text] : []);
