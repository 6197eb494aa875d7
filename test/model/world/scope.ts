import type { RuleName } from './rules.js';
import type { PodNumber } from './world.js';

export type FaultKind =
  /** A pod's process ends; another takes its place. */
  | 'crash'
  /** A pod stands still until it is let go. */
  | 'pause'
  /** A pod's connections to Redis break: what is under way on them is gone, in both directions. */
  | 'break'
  /** As `break`, but the commands under way still reach Redis some time. */
  | 'delay'
  /** A message of pub/sub is lost; the canary finds it. */
  | 'lose'
  /** A client's connection breaks for the client; what it sent may still arrive. */
  | 'cut'
  /** A client gives an attempt up although its pod is only slow. */
  | 'impatience'
  /** The replica stops following; later it is the master. */
  | 'failover'
  /** Redis refuses an append as a whole. */
  | 'refuse'
  /** Hours pass. */
  | 'expire-session'
  | 'expire-publisher'
  | 'expire-top';

/** What is searched: who is there, what they want to do, and what may go wrong how often. */
export interface Scope {
  readonly name: string;
  /** The streams of each client that there is. */
  readonly clients: readonly (readonly ('session' | 'channel:c')[])[];
  /** The pod that each client tries first. */
  readonly firstPods: readonly [PodNumber, PodNumber];
  /** Messages that each client publishes to the channel. */
  readonly publishes: readonly [number, number];
  /** Messages that a backend sends to the channel, or to the first client's session stream. */
  readonly sends: number;
  readonly sendsTo: 'session' | 'channel:c';
  readonly migrations: number;
  /** Where the search begins: before the first `hello`, or when everybody is connected and has what there is. */
  readonly begins: 'before-hello' | 'connected';
  /** Whether something can happen between the loss of a pod's connections to Redis and the new ones. */
  readonly reconnects: 'later' | 'at-once';
  readonly faults: number;
  readonly kinds: readonly FaultKind[];
  /** If there are any: what comes from outside is exactly this, in this order; each is a part of what a step says. */
  readonly plot: readonly string[];
  /** Whether faults, too, come only where the plot has them. */
  readonly plotted: 'everything' | 'wishes';
  /** Connections that a client may open; a state in which it needs another is beyond the bounds. */
  readonly connections: number;
  /** Whether appends are repeated before the rows were claimed again, or only after. */
  readonly repeats: 'before-claims' | 'after-claims';
  /** The rules that are taken out. */
  readonly without: readonly RuleName[];
}
