import type { AckFrame, ErrorFrame, GapFrame, Jump, RefusedFrame } from '../protocol/frames.js';
import type { StreamName } from '../protocol/stream-name.js';
import type { KeptQueue } from './kept.js';
import { addRange, without, type SequenceRange } from './sequence-ranges.js';

/** A publish without its answer. `data` is JSON text, null in a mark; `ticket` is whoever waits for the answer. */
export interface Unsettled<Ticket> {
  readonly seq: number;
  readonly after: number;
  readonly data: string | null;
  readonly ticket: Ticket | null;
  readonly sent: boolean;
}

/** One publisher's sequence on one stream, by compare and set: each publish names the one before it. */
export interface PublishState<Ticket> {
  readonly stream: StreamName;
  /** In order; nothing is forgotten before its answer. */
  readonly unsettled: readonly Unsettled<Ticket>[];
  readonly lastSeq: number;
  /** The sequence before the next: `lastSeq`, but after a restore what the record knew. */
  readonly lastAfter: number;
  /** Something on this stream was settled: there is something that Redis could lose. */
  readonly acknowledged: boolean;
  readonly markDue: boolean;
  /** Where publishes go; null while there is no welcomed connection. */
  readonly connection: number | null;
  /** Set while the timer of a temporary error runs: what is sent again from when it ends. */
  readonly retryFrom: number | null;
  readonly failures: number;
  /** Sequences that are no acknowledged messages, or no longer: marks, refused, reported lost. */
  readonly noMessage: readonly SequenceRange[];
}

export type PublishEffect<Ticket> =
  | {
      readonly type: 'send';
      readonly connection: number;
      readonly stream: StreamName;
      readonly seq: number;
      readonly after: number;
      readonly data: string | null;
    }
  | { readonly type: 'settled'; readonly stream: StreamName; readonly seq: number; readonly ticket: Ticket | null }
  | {
      readonly type: 'rejected';
      readonly stream: StreamName;
      readonly seq: number;
      readonly ticket: Ticket | null;
      readonly code: string;
      readonly message: string;
    }
  /** Acknowledged messages that Redis no longer has. */
  | { readonly type: 'lost'; readonly stream: StreamName; readonly ranges: readonly SequenceRange[] }
  /** `retryDue` after `atLeastMs` and a backoff by `failures`. */
  | { readonly type: 'wait'; readonly stream: StreamName; readonly atLeastMs: number; readonly failures: number };

export type PublishChange<Ticket> = readonly [state: PublishState<Ticket>, effects: readonly PublishEffect<Ticket>[]];

/** `lastSeq`: another page may have used the sequences up to it. */
export function initialPublishing<Ticket>(
  stream: StreamName,
  connection: number | null,
  lastSeq = 0,
): PublishState<Ticket> {
  return {
    stream,
    unsettled: [],
    lastSeq,
    lastAfter: 0,
    acknowledged: false,
    markDue: false,
    connection,
    retryFrom: null,
    failures: 0,
    noMessage: [[1, lastSeq]],
  };
}

/** Where a clock was set back: more than a record can be behind. */
const LEAST_HOLE = 1_048_576;

/**
 * Goes on where another page's publisher stopped. What wasn't kept of it may be in the log or not: it is no message.
 * The record may be seconds old, when a browser was killed before it was on disk: what was numbered since isn't known, so
 * that new numbers begin behind a hole, at `from`, which no page before this one has reached.
 */
export function restoredPublishing<Ticket>(kept: KeptQueue, ticket: Ticket, from: number): PublishState<Ticket> {
  const lastAfter = kept.lastSeq;
  const lastSeq = from > lastAfter ? from : lastAfter + LEAST_HOLE;
  const unsettled = kept.unsettled.map(([seq, data]) => ({
    seq,
    after: seq - 1,
    data,
    ticket: data === null ? null : ticket,
    sent: true,
  }));
  const noMessage = addRange(kept.noMessage, [lastAfter + 1, lastSeq]);
  return { ...initialPublishing<Ticket>(kept.stream, null), ...kept, unsettled, lastSeq, lastAfter, noMessage };
}

/** What the next page needs to go on, with data of at most `room` characters. */
export function keptPublishing<Ticket>(state: PublishState<Ticket>, room: number): KeptQueue {
  const { stream, lastSeq, acknowledged } = state;
  let left = room;
  const fits = ({ data }: Unsettled<Ticket>): boolean => (left -= data?.length ?? 0) >= 0;
  const unsettled = state.unsettled.filter(fits);
  const others = state.unsettled.slice(unsettled.length);
  const noMessage = others.reduce<readonly SequenceRange[]>(
    (known, { seq }) => addRange(known, [seq, seq]),
    state.noMessage,
  );
  return { stream, lastSeq, acknowledged, noMessage, unsettled: unsettled.map(({ seq, data }) => [seq, data]) };
}

export function publish<Ticket>(
  state: PublishState<Ticket>,
  data: string | null,
  ticket: Ticket | null,
): PublishChange<Ticket> {
  const seq = state.lastSeq + 1;
  const sends = state.retryFrom === null && state.connection !== null;
  const entry = { seq, after: state.lastAfter, data, ticket, sent: sends };
  const next = { ...state, lastSeq: seq, lastAfter: seq, unsettled: [...state.unsettled, entry] };
  return [next, sends ? [sendOf(state.stream, state.connection, entry)] : []];
}

/** `welcome`: everything unsettled is sent there, in order. */
export function connected<Ticket>(state: PublishState<Ticket>, connection: number): PublishChange<Ticket> {
  return then(sendFrom({ ...state, connection, retryFrom: null, markDue: true }, 0), markIfIdle);
}

export function disconnected<Ticket>(state: PublishState<Ticket>): PublishState<Ticket> {
  return { ...state, connection: null, retryFrom: null };
}

/** `probe`, after its random time: Redis may have lost something. */
export function onProbe<Ticket>(state: PublishState<Ticket>): PublishChange<Ticket> {
  return markIfIdle({ ...state, markDue: true });
}

/** Settles seq, or all of from..seq that are unsettled still. */
export function onAck<Ticket>(state: PublishState<Ticket>, frame: AckFrame): PublishChange<Ticket> {
  const from = frame.from ?? frame.seq;
  const [left, settled] = take(state, (entry) => entry.seq >= from && entry.seq <= frame.seq);
  if (settled.length === 0) return [state, []];
  let change: PublishChange<Ticket> = [{ ...left, acknowledged: true, failures: 0 }, []];
  for (const entry of settled)
    change = then(change, (before) => {
      const [after, lost] = lostBy(
        entry.data === null ? withoutMessage(before, entry.seq) : before,
        entry,
        frame.jumps,
      );
      return [after, [...lost, { type: 'settled', stream: state.stream, seq: entry.seq, ticket: entry.ticket }]];
    });
  return then(change, markIfIdle);
}

/** Settled, and not in the log. */
export function onRefused<Ticket>(state: PublishState<Ticket>, frame: RefusedFrame): PublishChange<Ticket> {
  const [left, [entry]] = take(state, ({ seq }) => seq === frame.seq);
  if (entry === undefined) return [state, []];
  const { stream } = state;
  const { seq, ticket } = entry;
  const rejected = { type: 'rejected', stream, seq, ticket, code: frame.code, message: 'refused' } as const;
  const [after, lost] = lostBy(withoutMessage({ ...left, acknowledged: true }, seq), entry, frame.jumps);
  return then([after, [...lost, rejected]], markIfIdle);
}

/**
 * Says something, with another `last`, only once all before it is settled: Redis lost what was between, or has more than a
 * record knew. The acknowledgement of those before may come after it: a pod writes one for a whole turn.
 */
export function onGap<Ticket>(state: PublishState<Ticket>, frame: GapFrame): PublishChange<Ticket> {
  const { seq, last } = frame;
  const entry = state.unsettled.find((each) => each.seq > last);
  if (entry?.seq !== seq || entry.after === last) return [state, []];
  const unsettled = state.unsettled.map((each) => (each === entry ? { ...entry, after: last } : each));
  const moved = { ...state, unsettled };
  return state.retryFrom === null
    ? sendFrom(moved, seq)
    : [{ ...moved, retryFrom: Math.min(state.retryFrom, seq) }, []];
}

/** One timer a stream; a final error leaves a mark in the message's place, so that the sequence goes on. */
export function onError<Ticket>(state: PublishState<Ticket>, frame: ErrorFrame): PublishChange<Ticket> {
  const entry = state.unsettled.find(({ seq }) => seq === frame.seq);
  if (entry === undefined) return [state, []];
  const { stream, failures } = state;
  const { seq, ticket } = entry;
  const { code, message } = frame;
  const final = frame.retryAfterMs === undefined && entry.data !== null;
  const rejected = final ? [{ type: 'rejected', stream, seq, ticket, code, message } as const] : [];
  const mark = { ...entry, data: null, ticket: null };
  const unsettled = final ? state.unsettled.map((each) => (each === entry ? mark : each)) : state.unsettled;
  const waiting = { ...state, unsettled, retryFrom: Math.min(state.retryFrom ?? seq, seq) };
  if (state.retryFrom !== null) return [waiting, rejected];
  const wait = { type: 'wait', stream, atLeastMs: frame.retryAfterMs ?? 0, failures } as const;
  return [{ ...waiting, failures: failures + 1 }, [...rejected, wait]];
}

/** The timer of a `wait`. */
export function onRetryDue<Ticket>(state: PublishState<Ticket>): PublishChange<Ticket> {
  return state.retryFrom === null ? [state, []] : sendFrom({ ...state, retryFrom: null }, state.retryFrom);
}

function sendFrom<Ticket>(state: PublishState<Ticket>, from: number): PublishChange<Ticket> {
  const { stream, connection } = state;
  if (connection === null) return [state, []];
  const due = state.unsettled.filter(({ seq }) => seq >= from);
  const unsettled = state.unsettled.map((entry) => (entry.seq >= from ? { ...entry, sent: true } : entry));
  return [{ ...state, unsettled }, due.map((entry) => sendOf(stream, connection, entry))];
}

function sendOf<Ticket>(
  stream: StreamName,
  connection: number,
  { seq, after, data }: Unsettled<Ticket>,
): PublishEffect<Ticket> {
  return { type: 'send', connection, stream, seq, after, data };
}

function take<Ticket>(
  state: PublishState<Ticket>,
  wanted: (entry: Unsettled<Ticket>) => boolean,
): readonly [PublishState<Ticket>, readonly Unsettled<Ticket>[]] {
  const taken = state.unsettled.filter(wanted);
  if (taken.length === 0) return [state, taken];
  return [{ ...state, unsettled: state.unsettled.filter((entry) => !wanted(entry)) }, taken];
}

function withoutMessage<Ticket>(state: PublishState<Ticket>, seq: number): PublishState<Ticket> {
  return { ...state, noMessage: addRange(state.noMessage, [seq, seq]) };
}

function lostBy<Ticket>(
  state: PublishState<Ticket>,
  entry: Unsettled<Ticket>,
  jumps: readonly Jump[] | undefined,
): PublishChange<Ticket> {
  const jump = jumps?.find(([, seq]) => seq === entry.seq);
  if (jump === undefined) return [state, []];
  const between: SequenceRange = [jump[0] + 1, entry.seq - 1];
  const ranges = without(between, state.noMessage);
  const known = { ...state, noMessage: addRange(state.noMessage, between) };
  return [known, ranges.length === 0 ? [] : [{ type: 'lost', stream: state.stream, ranges }]];
}

function markIfIdle<Ticket>(state: PublishState<Ticket>): PublishChange<Ticket> {
  const due = state.markDue && state.connection !== null && state.acknowledged && state.unsettled.length === 0;
  return due ? publish({ ...state, markDue: false }, null, null) : [state, []];
}

function then<Ticket>(
  [state, effects]: PublishChange<Ticket>,
  next: (state: PublishState<Ticket>) => PublishChange<Ticket>,
): PublishChange<Ticket> {
  const [after, more] = next(state);
  return [after, [...effects, ...more]];
}
