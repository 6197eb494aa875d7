import type { AckFrame, ErrorFrame, GapFrame, RefusedFrame } from '../protocol/frames.js';
import type { StreamName } from '../protocol/stream-name.js';
import type { KeptQueue } from './kept.js';
import * as publishState from './publish-state.js';
import type { PublishChange, PublishEffect, PublishState, Unsettled } from './publish-state.js';

type Answer = AckFrame | RefusedFrame | GapFrame | ErrorFrame;

/** More than any page publishes, so that the time runs ahead of sequences; below 2^53 until the year 2248. */
const SEQUENCES_PER_MS = 1_024;

/** What an abandoned publisher leaves: its outcome is unknown if it was ever sent. */
export interface Abandoned<Ticket> extends Unsettled<Ticket> {
  readonly stream: StreamName;
}

/** One publisher: a sequence per stream, all answered on the current connection alone (M). No I/O: it returns what to do. */
export class Publishing<Ticket> {
  readonly #streams = new Map<StreamName, PublishState<Ticket>>();
  #current: number | null = null;
  /** Where sequences begin: behind those that an earlier page may have used on a stream that its record doesn't name. */
  #from = 0;

  /** Publishes without their answer, on all streams. */
  get unsettled(): number {
    return this.#sum(() => 1);
  }

  get unsettledLength(): number {
    return this.#sum((data) => data.length);
  }

  /** Goes on where another page's publisher stopped. */
  restore(queues: readonly KeptQueue[], ticket: Ticket, nowMs: number): void {
    this.#from = nowMs * SEQUENCES_PER_MS;
    for (const kept of queues)
      this.#streams.set(kept.stream, publishState.restoredPublishing(kept, ticket, this.#from));
  }

  /** For the next page, with data of at most `room` characters. */
  kept(room: number): readonly KeptQueue[] {
    let left = room;
    return [...this.#streams.values()].map((state) => {
      const kept = publishState.keptPublishing(state, left);
      for (const [, data] of kept.unsettled) left -= data?.length ?? 0;
      return kept;
    });
  }

  publish(stream: StreamName, data: string, ticket: Ticket): readonly PublishEffect<Ticket>[] {
    const state = this.#streams.get(stream) ?? publishState.initialPublishing(stream, this.#current, this.#from);
    return this.#keep(publishState.publish(state, data, ticket));
  }

  /** From now on only this connection's answers count (M). */
  welcomed(connection: number): readonly PublishEffect<Ticket>[] {
    this.#current = connection;
    return this.#each((state) => publishState.connected(state, connection));
  }

  gone(connection: number): void {
    if (this.#current !== connection) return;
    this.#current = null;
    this.#each((state) => [publishState.disconnected(state), []]);
  }

  /** After the random time of a `probe`. */
  probe(): readonly PublishEffect<Ticket>[] {
    return this.#each(publishState.onProbe);
  }

  answer(connection: number, frame: Answer): readonly PublishEffect<Ticket>[] {
    const state = frame.stream === undefined ? undefined : this.#streams.get(frame.stream);
    return state === undefined || connection !== this.#current ? [] : this.#keep(answered(state, frame));
  }

  retryDue(stream: StreamName): readonly PublishEffect<Ticket>[] {
    const state = this.#streams.get(stream);
    return state ? this.#keep(publishState.onRetryDue(state)) : [];
  }

  /** Ends this publisher: everything without an answer, in order within its stream. */
  abandon(): readonly Abandoned<Ticket>[] {
    const left = [...this.#streams.values()].flatMap(({ stream, unsettled }) =>
      unsettled.map((entry) => ({ stream, ...entry })),
    );
    this.#streams.clear();
    return left;
  }

  #each(run: (state: PublishState<Ticket>) => PublishChange<Ticket>): readonly PublishEffect<Ticket>[] {
    return [...this.#streams.values()].flatMap((state) => this.#keep(run(state)));
  }

  #keep([state, effects]: PublishChange<Ticket>): readonly PublishEffect<Ticket>[] {
    this.#streams.set(state.stream, state);
    return effects;
  }

  #sum(weight: (data: string) => number): number {
    let total = 0;
    for (const { unsettled } of this.#streams.values())
      for (const { data } of unsettled) total += data === null ? 0 : weight(data);
    return total;
  }
}

function answered<Ticket>(state: PublishState<Ticket>, frame: Answer): PublishChange<Ticket> {
  switch (frame.type) {
    case 'ack':
      return publishState.onAck(state, frame);
    case 'refused':
      return publishState.onRefused(state, frame);
    case 'gap':
      return publishState.onGap(state, frame);
    case 'error':
      return publishState.onError(state, frame);
  }
}
