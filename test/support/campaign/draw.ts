import { clientFaults } from './client-faults.js';
import { Dice } from './dice.js';
import { deploymentFaults, podFaults } from './pod-faults.js';
import { connectionFaults, longRedisFaults, outage, redisProcessFaults, rewindingFaults } from './redis-faults.js';
import type { Fault } from './scene.js';
import { topologyFaults, wayless } from './topology-faults.js';

interface Candidate {
  readonly name: string;
  readonly fault: Fault;
  /** Of two with the same turn only one can happen at a time. */
  readonly turn: string;
}

export interface Pair {
  /** From 1. */
  readonly number: number;
  readonly faults: readonly [Candidate, Candidate];
  /** The second begins so long after the first, in ms. */
  readonly apartMs: number;
  /** Redis loses acknowledged messages. */
  readonly rewinds: boolean;
}

/** Never in another order: it is what a seed draws from. */
const candidates: readonly Candidate[] = [
  ...taking('deployment', deploymentFaults),
  ...taking('Redis', redisProcessFaults),
  ...taking('rewind', rewindingFaults),
  ...Object.entries({ ...podFaults, ...connectionFaults, ...clientFaults }).map(eachForItself),
];
/** What clients and pods get over without a connection closed. */
const harmless: ReadonlySet<string> = new Set(Object.keys(connectionFaults));
const harmlessOne = eachForItself(['scripts forgotten', connectionFaults['scripts forgotten']]);
const twoMinutes = taking('Redis', { 'Redis away for 2 minutes': outage });
const long: readonly Candidate[] = taking('Redis', longRedisFaults);
/** Where servers replace one another; pods reach them without a way between. */
const inTopologies: readonly Candidate[] = [
  ...taking('deployment', deploymentFaults),
  ...taking('rewind', topologyFaults),
  ...Object.entries({ ...wayless, ...clientFaults }).map(eachForItself),
];

/** What pods find: one server, or several that replace one another. */
type Topology = 'single' | 'sentinel' | 'cluster';

export interface DrawOptions {
  readonly topology: Topology;
  /** Draws outages of 7 minutes, too, and begins with one. */
  readonly long: boolean;
  /** Plays an outage of 2 minutes among the first pairs. */
  readonly outage: boolean;
}

/** The pair of this number is the same for a seed, whatever came before; `long` adds what takes minutes. */
export function drawPair(seed: number, number: number, options: DrawOptions): Pair {
  const certain = outagesOf(options)[number - 1];
  if (certain !== undefined) return { number, faults: [harmlessOne, certain], apartMs: 2_000, rewinds: false };
  const dice = new Dice(seed, number);
  const from = candidatesOf(options);
  const first = dice.pick(from);
  const second = dice.pick(from.filter(({ turn }) => turn !== first.turn));
  const faults = [first, second] as const;
  return { number, faults, apartMs: dice.between(0, 2_000), rewinds: faults.some(({ turn }) => turn === 'rewind') };
}

/** What chance may leave out, before what is drawn: nothing else happens meanwhile. */
function outagesOf({ long, outage: short, topology }: DrawOptions): readonly Candidate[] {
  if (topology !== 'single') return [];
  return [...(long ? taking('Redis', longRedisFaults) : []), ...(short ? twoMinutes : [])];
}

export function isUndisturbed({ faults }: Pair, place: number): boolean {
  const other = faults[1 - place];
  return other !== undefined && harmless.has(other.name);
}

/** Of one fault of a pair: what it draws doesn't depend on when it happens. */
export const diceOf = (seed: number, { number }: Pair, place: number): Dice => new Dice(seed, number, place + 1);

export const faultNames = (options: DrawOptions): readonly string[] => candidatesOf(options).map(({ name }) => name);

function candidatesOf({ long: withLong, topology }: DrawOptions): readonly Candidate[] {
  if (topology !== 'single') return inTopologies;
  return withLong ? [...candidates, ...long] : candidates;
}

function taking(turn: string, faults: Readonly<Record<string, Fault>>): Candidate[] {
  return Object.entries(faults).map(([name, fault]) => ({ name, fault, turn }));
}

function eachForItself([name, fault]: readonly [string, Fault]): Candidate {
  return { name, fault, turn: name };
}
