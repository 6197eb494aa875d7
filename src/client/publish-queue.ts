import type { AckFrame, ErrorFrame, GapFrame, Jump, RefusedFrame } from '../protocol/frames.js';
import type { StreamName } from '../protocol/stream-name.js';
import { addRange, without, type SequenceRange } from './sequence-ranges.js';

/** A publish without its answer. `data` is JSON text, null in a mark; `ticket` is whoever waits for the answer. */
export interface Unsettled<Ticket> {
  readonly seq: number;
  after: number;
  data: string | null;
  ticket: Ticket | null;
  sent: boolean;
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

/**
 * One publisher's sequence on one stream, by compare and set: each publish names the one before it, and nothing is
 * forgotten before its answer. No I/O: it returns what to do.
 */
export class PublishQueue<Ticket> {
  readonly #unsettled: Unsettled<Ticket>[] = [];
  #lastSeq = 0;
  #acknowledged = false;
  #markDue = false;
  /** Where publishes go; null while there is no welcomed connection. */
  #connection: number | null;
  /** Set while the timer of a temporary error runs: what is sent again from when it ends. */
  #retryFrom: number | null = null;
  #failures = 0;
  /** Sequences that are no acknowledged messages, or no longer: marks, refused, reported lost. */
  #noMessage: readonly SequenceRange[] = [];

  constructor(
    readonly stream: StreamName,
    connection: number | null,
  ) {
    this.#connection = connection;
  }

  get unsettled(): readonly Readonly<Unsettled<Ticket>>[] {
    return this.#unsettled;
  }

  publish(data: string | null, ticket: Ticket | null): readonly PublishEffect<Ticket>[] {
    const after = this.#lastSeq;
    this.#lastSeq += 1;
    const entry = { seq: this.#lastSeq, after, data, ticket, sent: false };
    this.#unsettled.push(entry);
    return this.#retryFrom === null ? this.#send([entry]) : [];
  }

  /** `welcome`: everything unsettled is sent there, in order. */
  connected(connection: number): readonly PublishEffect<Ticket>[] {
    this.#connection = connection;
    this.#retryFrom = null;
    this.#markDue = true;
    return [...this.#sendFrom(0), ...this.#markIfIdle()];
  }

  disconnected(): void {
    this.#connection = null;
    this.#retryFrom = null;
  }

  /** `probe`, after its random time: Redis may have lost something. */
  probe(): readonly PublishEffect<Ticket>[] {
    this.#markDue = true;
    return this.#markIfIdle();
  }

  /** Settles seq, or all of from..seq that are unsettled still. */
  ack(frame: AckFrame): readonly PublishEffect<Ticket>[] {
    const from = frame.from ?? frame.seq;
    const settled = this.#take((entry) => entry.seq >= from && entry.seq <= frame.seq);
    if (settled.length === 0) return [];
    this.#acknowledged = true;
    this.#failures = 0;
    const effects = settled.flatMap((entry) => {
      if (entry.data === null) this.#noMessage = addRange(this.#noMessage, [entry.seq, entry.seq]);
      const { seq, ticket } = entry;
      return [...this.#lostBy(entry, frame.jumps), { type: 'settled', stream: this.stream, seq, ticket } as const];
    });
    return [...effects, ...this.#markIfIdle()];
  }

  /** Settled, and not in the log. */
  refused(frame: RefusedFrame): readonly PublishEffect<Ticket>[] {
    const [entry] = this.#take(({ seq }) => seq === frame.seq);
    if (entry === undefined) return [];
    this.#acknowledged = true;
    this.#noMessage = addRange(this.#noMessage, [entry.seq, entry.seq]);
    const { seq, ticket } = entry;
    const rejected = {
      type: 'rejected',
      stream: this.stream,
      seq,
      ticket,
      code: frame.code,
      message: 'refused',
    } as const;
    return [...this.#lostBy(entry, frame.jumps), rejected, ...this.#markIfIdle()];
  }

  /** Only that of the first unsettled one, with another `last`, says something: Redis lost what was between. */
  gap(frame: GapFrame): readonly PublishEffect<Ticket>[] {
    const [first] = this.#unsettled;
    if (first?.seq !== frame.seq || first.after === frame.last || frame.last >= first.seq) return [];
    first.after = frame.last;
    if (this.#retryFrom === null) return this.#sendFrom(first.seq);
    this.#retryFrom = first.seq;
    return [];
  }

  /** One timer a stream; a final error leaves a mark in the message's place, so that the sequence goes on. */
  error(frame: ErrorFrame): readonly PublishEffect<Ticket>[] {
    const entry = this.#unsettled.find(({ seq }) => seq === frame.seq);
    if (entry === undefined) return [];
    const final = frame.retryAfterMs === undefined && entry.data !== null;
    const { seq, ticket } = entry;
    const { code, message } = frame;
    if (final) Object.assign(entry, { data: null, ticket: null });
    const rejected = final ? [{ type: 'rejected', stream: this.stream, seq, ticket, code, message } as const] : [];
    const waits = this.#retryFrom !== null;
    this.#retryFrom = Math.min(this.#retryFrom ?? seq, seq);
    if (waits) return rejected;
    const wait = {
      type: 'wait',
      stream: this.stream,
      atLeastMs: frame.retryAfterMs ?? 0,
      failures: this.#failures,
    } as const;
    this.#failures += 1;
    return [...rejected, wait];
  }

  retryDue(): readonly PublishEffect<Ticket>[] {
    const from = this.#retryFrom;
    this.#retryFrom = null;
    return from === null ? [] : this.#sendFrom(from);
  }

  #sendFrom(from: number): readonly PublishEffect<Ticket>[] {
    return this.#send(this.#unsettled.filter(({ seq }) => seq >= from));
  }

  #send(entries: readonly Unsettled<Ticket>[]): readonly PublishEffect<Ticket>[] {
    const connection = this.#connection;
    if (connection === null) return [];
    return entries.map((entry) => {
      entry.sent = true;
      const { seq, after, data } = entry;
      return { type: 'send', connection, stream: this.stream, seq, after, data };
    });
  }

  #take(wanted: (entry: Unsettled<Ticket>) => boolean): readonly Unsettled<Ticket>[] {
    const taken = this.#unsettled.filter(wanted);
    if (taken.length > 0)
      this.#unsettled.splice(0, this.#unsettled.length, ...this.#unsettled.filter((entry) => !wanted(entry)));
    return taken;
  }

  #lostBy(entry: Unsettled<Ticket>, jumps: readonly Jump[] | undefined): readonly PublishEffect<Ticket>[] {
    const jump = jumps?.find(([, seq]) => seq === entry.seq);
    if (jump === undefined) return [];
    const between: SequenceRange = [jump[0] + 1, entry.seq - 1];
    const ranges = without(between, this.#noMessage);
    this.#noMessage = addRange(this.#noMessage, between);
    return ranges.length === 0 ? [] : [{ type: 'lost', stream: this.stream, ranges }];
  }

  #markIfIdle(): readonly PublishEffect<Ticket>[] {
    const due = this.#markDue && this.#connection !== null && this.#acknowledged && this.#unsettled.length === 0;
    if (!due) return [];
    this.#markDue = false;
    return this.publish(null, null);
  }
}
