import type { AckFrame, ErrorFrame, GapFrame, RefusedFrame } from '../protocol/frames.js';
import type { StreamName } from '../protocol/stream-name.js';
import type { KeptQueue } from './kept.js';
import { PublishQueue, type PublishEffect } from './publish-queue.js';

type Answer = AckFrame | RefusedFrame | GapFrame | ErrorFrame;

/** What an abandoned publisher leaves: its outcome is unknown if it was ever sent. */
export interface Abandoned<Ticket> {
  readonly stream: StreamName;
  readonly seq: number;
  readonly data: string | null;
  readonly ticket: Ticket | null;
  readonly sent: boolean;
}

/** One publisher: a sequence per stream, all answered on the current connection alone (M). No I/O: it returns what to do. */
export class Publishing<Ticket> {
  readonly #queues = new Map<StreamName, PublishQueue<Ticket>>();
  #current: number | null = null;

  /** Publishes without their answer, on all streams. */
  get unsettled(): number {
    return this.#sum(() => 1);
  }

  get unsettledLength(): number {
    return this.#sum((data) => data.length);
  }

  /** Goes on where another page's publisher stopped; `sent`: somebody may have them already. */
  restore(queues: readonly KeptQueue[], sent: boolean, ticketOf: (stream: StreamName) => Ticket): void {
    for (const kept of queues) this.#queues.set(kept.stream, PublishQueue.restored(kept, sent, ticketOf(kept.stream)));
  }

  /** For the next page, with data of at most `room` characters. */
  kept(room: number): readonly KeptQueue[] {
    let left = room;
    return [...this.#queues.values()].map((queue) => {
      const kept = queue.kept(left);
      for (const [, data] of kept.unsettled) left -= data?.length ?? 0;
      return kept;
    });
  }

  publish(stream: StreamName, data: string, ticket: Ticket): readonly PublishEffect<Ticket>[] {
    const queue = this.#queues.get(stream) ?? new PublishQueue<Ticket>(stream, this.#current);
    this.#queues.set(stream, queue);
    return queue.publish(data, ticket);
  }

  /** From now on only this connection's answers count (M). */
  welcomed(connection: number): readonly PublishEffect<Ticket>[] {
    this.#current = connection;
    return this.#each((queue) => queue.connected(connection));
  }

  gone(connection: number): void {
    if (this.#current !== connection) return;
    this.#current = null;
    for (const queue of this.#queues.values()) queue.disconnected();
  }

  /** After the random time of a `probe`. */
  probe(): readonly PublishEffect<Ticket>[] {
    return this.#each((queue) => queue.probe());
  }

  answer(connection: number, frame: Answer): readonly PublishEffect<Ticket>[] {
    const queue = frame.stream === undefined ? undefined : this.#queues.get(frame.stream);
    if (queue === undefined || connection !== this.#current) return [];
    switch (frame.type) {
      case 'ack':
        return queue.ack(frame);
      case 'refused':
        return queue.refused(frame);
      case 'gap':
        return queue.gap(frame);
      case 'error':
        return queue.error(frame);
    }
  }

  retryDue(stream: StreamName): readonly PublishEffect<Ticket>[] {
    return this.#queues.get(stream)?.retryDue() ?? [];
  }

  /** Ends this publisher: everything without an answer, in order within its stream. */
  abandon(): readonly Abandoned<Ticket>[] {
    const left = [...this.#queues.values()].flatMap(({ stream, unsettled }) =>
      unsettled.map(({ seq, data, ticket, sent }) => ({ stream, seq, data, ticket, sent })),
    );
    this.#queues.clear();
    return left;
  }

  #each(run: (queue: PublishQueue<Ticket>) => readonly PublishEffect<Ticket>[]): readonly PublishEffect<Ticket>[] {
    return [...this.#queues.values()].flatMap(run);
  }

  #sum(weight: (data: string) => number): number {
    let total = 0;
    for (const { unsettled } of this.#queues.values())
      for (const { data } of unsettled) total += data === null ? 0 : weight(data);
    return total;
  }
}
