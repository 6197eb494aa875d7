import type { History } from './history.js';

/** The promises of the judge's list; each is broken in a way of its own. */
export type ViolationClass =
  /** An acknowledged message didn't reach somebody who was entitled to it, and no `reset` told so. */
  | 'LOST'
  /** A message took effect twice. */
  | 'REPEATED'
  /** Redis has lost an acknowledged message, and its publisher, which is there again, doesn't know. */
  | 'UNREPORTED'
  /** Offsets that were skipped, and no `reset` told so. */
  | 'SILENT GAP'
  /** A stream, or a publisher within it, out of order. */
  | 'REORDERED'
  /** Two connections held one session, or a lower attempt won. */
  | 'TWO OWNERS'
  /** Another tenant's marker was seen. */
  | 'FOREIGN'
  /** Refused for good, and delivered all the same. */
  | 'REFUSED BUT DELIVERED'
  /** A session that should have been resumed began anew. */
  | 'NOT RESUMED'
  /** After everything had healed, somebody was still unconnected or had unsettled messages. */
  | 'STRANDED'
  /** After everybody had gone, something that they had taken was still there. */
  | 'LEFT BEHIND'
  /** Clients saw an anomaly that no pod counted. */
  | 'UNTOLD';

export interface Violation {
  readonly broken: ViolationClass;
  readonly who: string;
  readonly atUs: number;
  /** What happened, for people. */
  readonly sentence: string;
}

/** One promise: pure, and silent when it is kept. */
export type Check = (history: History) => readonly Violation[];
