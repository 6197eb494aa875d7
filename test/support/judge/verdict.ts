import type { History } from './history.js';
import { nothingAcknowledgedIsLost } from './lost.js';
import { nothingIsLeftBehind } from './left-behind.js';
import { isIn, measure, type Measures, type Phase } from './measures.js';
import { tenantsSeeOnlyTheirOwn, whatIsRefusedStaysOut } from './outsiders.js';
import { eachSessionHasOneOwner } from './owners.js';
import { nothingIsReordered } from './reordered.js';
import { nothingIsRepeated, nothingIsWrittenTwice } from './repeated.js';
import { everyClientResumes, nobodyIsStranded } from './resumed.js';
import { noGapIsSilent } from './silent-gaps.js';
import { whatRedisLostIsReported } from './unreported.js';
import { everyAnomalyIsCounted } from './untold.js';
import type { Check, Violation, ViolationClass } from './violation.js';

const checks: readonly Check[] = [
  nothingAcknowledgedIsLost,
  whatRedisLostIsReported,
  noGapIsSilent,
  nothingIsRepeated,
  nothingIsWrittenTwice,
  nothingIsReordered,
  eachSessionHasOneOwner,
  tenantsSeeOnlyTheirOwn,
  whatIsRefusedStaysOut,
  everyClientResumes,
  nobodyIsStranded,
  nothingIsLeftBehind,
  everyAnomalyIsCounted,
];

/** What the judge says of a whole run, or of one phase of it. */
export interface Verdict extends Measures {
  readonly phase: string;
  readonly violations: readonly Violation[];
}

export interface Judgement {
  readonly whole: Verdict;
  /** Violations belong to the phase in which they happened; a lost message to that in which it was sent. */
  readonly phases: readonly Verdict[];
}

export function judge(history: History, phases: readonly Phase[] = []): Judgement {
  const violations = checks.flatMap((check) => check(history));
  const whole = { name: 'whole run', fromUs: 0, toUs: Infinity };
  const verdictOn = (phase: Phase): Verdict => ({
    phase: phase.name,
    violations: violations.filter((violation) => isIn(violation, phase)),
    ...measure(history, phase),
  });
  return { whole: verdictOn(whole), phases: phases.map(verdictOn) };
}

export function count(verdict: Verdict, broken: ViolationClass): number {
  return verdict.violations.filter((violation) => violation.broken === broken).length;
}

export function brokenPromises(verdict: Verdict): ReadonlySet<ViolationClass> {
  return new Set(verdict.violations.map(({ broken }) => broken));
}
