import { mayBeRewound, recordsOf, type ClientHistory, type History, type MessageFate } from './history.js';
import { spreadOf, type Spread } from './percentile.js';

/** A part of a run, on the clock of the records. */
export interface Phase {
  readonly name: string;
  readonly fromUs: number;
  readonly toUs: number;
}

interface Moves {
  readonly mean: number;
  readonly max: number;
}

export interface Measures {
  readonly clients: number;
  readonly deliveries: number;
  /** How often a client came to another connection: its welcomes without the first of all. */
  readonly moves: Moves;
  /** ms without a connection per move: the new one's `welcome` minus the old one's close, at least 0. */
  readonly gapMs: Spread;
  /** ms from sending to the application, over all deliveries. */
  readonly delayMs: Spread;
  /** The longest delay of each client, in ms, over clients. */
  readonly longestPerClientMs: Spread;
  readonly resets: number;
  /** Closes with 1012 on welcomed connections: a drain's deadline. */
  readonly forcedCloses: number;
  /** Messages, acknowledged in the phase, of which their publisher was told that Redis had lost them. */
  readonly lostByRedis: number;
  /** Messages, acknowledged whenever, of which it was told in the phase although no rewind had touched them. */
  readonly lostForNothing: number;
}

export function measure(history: History, phase: Phase): Measures {
  const { clients, messages } = history;
  const moves = clients.map((client) => movesOf(client, phase));
  const delays = clients.map((client) => delaysOf(client, phase));
  const counts = moves.map(({ length }) => length);
  const longest = delays.filter(({ length }) => length > 0).map((ofClient) => spreadOf(ofClient).longest);
  return {
    clients: clients.length,
    deliveries: delays.reduce((sum, { length }) => sum + length, 0),
    moves: { mean: sum(counts) / Math.max(1, counts.length), max: Math.max(0, ...counts) },
    gapMs: spreadOf(moves.flat()),
    delayMs: spreadOf(delays.flat()),
    longestPerClientMs: spreadOf(longest),
    resets: sum(clients.map((client) => recordsOf(client, 'reset').filter((reset) => isIn(reset, phase)).length)),
    forcedCloses: sum(clients.map((client) => forcedClosesOf(client, phase))),
    lostByRedis: [...messages.values()].filter((message) => wasLostByRedis(message, phase)).length,
    lostForNothing: [...messages.values()].filter((message) => isReportedFalsely(history, message, phase)).length,
  };
}

const forcedClosesOf = (client: ClientHistory, phase: Phase): number => {
  const welcomed = new Set(recordsOf(client, 'welcome').map(({ attempt }) => attempt));
  const closes = recordsOf(client, 'close').filter((close) => isIn(close, phase));
  return closes.filter(({ attempt, code }) => code === 1012 && welcomed.has(attempt)).length;
};

/** By the acknowledgement: what was sent before a phase may be appended, and lost, in it. */
const wasLostByRedis = ({ outcome, sentAtUs, acknowledgedAtUs }: MessageFate, phase: Phase): boolean =>
  outcome === 'lost-by-redis' && isIn({ atUs: acknowledgedAtUs ?? sentAtUs }, phase);

const isReportedFalsely = (history: History, message: MessageFate, phase: Phase): boolean =>
  message.reportedAtUs !== null && isIn({ atUs: message.reportedAtUs }, phase) && !mayBeRewound(history, message);

/** The gap in ms of each move of the client in the phase. */
function movesOf(client: ClientHistory, phase: Phase): number[] {
  const closes = new Map(recordsOf(client, 'close').map(({ attempt, atUs }) => [attempt, atUs]));
  const welcomes = recordsOf(client, 'welcome');
  return welcomes.flatMap((welcome, index) => {
    const before = welcomes[index - 1];
    if (before === undefined || !isIn(welcome, phase)) return [];
    const closedAtUs = closes.get(before.attempt) ?? Infinity;
    return [Math.max(0, welcome.atUs - closedAtUs) / 1000];
  });
}

function delaysOf(client: ClientHistory, phase: Phase): number[] {
  return recordsOf(client, 'receive')
    .filter((receive) => isIn(receive, phase))
    .map(({ atUs, message }) => (atUs - message.sentAtUs) / 1000);
}

export const isIn = ({ atUs }: { readonly atUs: number }, { fromUs, toUs }: Phase): boolean =>
  atUs >= fromUs && atUs < toUs;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
