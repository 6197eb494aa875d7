import { complaintsOf } from './summary.js';
import type { Judgement, Verdict } from './verdict.js';

/** What planned moves have to keep, besides that nothing is lost, repeated, reordered or reset: gaps, too, p50 0 ms. */
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
  const found = [...complaintsOf(verdict), ...excuses(verdict)];
  return planned === null ? found : [...found, ...againstMoves(verdict, planned)];
}

/** The same for a run in phases, in some of which (`rewound`) Redis does lose messages: only they excuse anything. */
export function breachesInPhases({ whole, phases }: Judgement, rewound: ReadonlySet<string>): string[] {
  const healthy = phases.filter(({ phase }) => !rewound.has(phase));
  return [
    ...complaintsOf(whole),
    ...healthy.flatMap((verdict) => excuses(verdict).map((text) => `${verdict.phase}: ${text}`)),
  ];
}

/** What the service and its clients said instead of delivering. A Redis that lost nothing gives no reason for it. */
function excuses({ resets, lostByRedis }: Verdict): string[] {
  return [
    ...sentence(resets > 0, `${resets} resets, although Redis lost nothing`),
    ...sentence(lostByRedis > 0, `${lostByRedis} messages reported as lost by Redis, which lost nothing`),
  ];
}

function againstMoves({ moves, gapMs, delayMs }: Verdict, planned: PlannedMoves): string[] {
  const mean = moves.mean.toFixed(2);
  const { longestDelayMs } = planned;
  return [
    ...sentence(planned.mean !== null && mean !== planned.mean.toFixed(2), `${mean} moves per client on average`),
    ...sentence(moves.max > planned.max, `a client moved ${moves.max} times`),
    ...sentence(gapMs.p50 > 0, `gap p50 ${gapMs.p50.toFixed(1)} ms, above 0 ms`),
    ...sentence(gapMs.p99 > longestGapP99Ms, `gap p99 ${gapMs.p99.toFixed(0)} ms, above ${longestGapP99Ms} ms`),
    ...sentence(
      longestDelayMs !== null && delayMs.longest > longestDelayMs,
      `a message took ${delayMs.longest.toFixed(0)} ms, above ${String(longestDelayMs)} ms`,
    ),
  ];
}

const sentence = (broken: boolean, text: string): string[] => (broken ? [text] : []);
