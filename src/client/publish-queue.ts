import type { AckFrame, ErrorFrame, GapFrame, RefusedFrame } from '../protocol/frames.js';
import type { StreamName } from '../protocol/stream-name.js';
import type { KeptQueue } from './kept.js';
import * as publishState from './publish-state.js';
import type { PublishChange, PublishEffect, PublishState, Unsettled } from './publish-state.js';

export type { PublishEffect, Unsettled } from './publish-state.js';

/** Holds the state of one publisher's sequence on one stream. No I/O: it returns what to do. */
export class PublishQueue<Ticket> {
  #state: PublishState<Ticket>;

  constructor(stream: StreamName, connection: number | null) {
    this.#state = publishState.initialPublishing(stream, connection);
  }

  /** Goes on where another page's queue stopped. */
  static restored<Ticket>(kept: KeptQueue, sent: boolean, ticket: Ticket): PublishQueue<Ticket> {
    const queue = new PublishQueue<Ticket>(kept.stream, null);
    queue.#state = publishState.restoredPublishing(kept, sent, ticket);
    return queue;
  }

  get stream(): StreamName {
    return this.#state.stream;
  }
  get unsettled(): readonly Unsettled<Ticket>[] {
    return this.#state.unsettled;
  }

  kept(room: number): KeptQueue {
    return publishState.keptPublishing(this.#state, room);
  }

  publish(data: string | null, ticket: Ticket | null): readonly PublishEffect<Ticket>[] {
    return this.#keep(publishState.publish(this.#state, data, ticket));
  }
  connected(connection: number): readonly PublishEffect<Ticket>[] {
    return this.#keep(publishState.connected(this.#state, connection));
  }
  disconnected(): void {
    this.#state = publishState.disconnected(this.#state);
  }
  probe(): readonly PublishEffect<Ticket>[] {
    return this.#keep(publishState.onProbe(this.#state));
  }
  ack(frame: AckFrame): readonly PublishEffect<Ticket>[] {
    return this.#keep(publishState.onAck(this.#state, frame));
  }
  refused(frame: RefusedFrame): readonly PublishEffect<Ticket>[] {
    return this.#keep(publishState.onRefused(this.#state, frame));
  }
  gap(frame: GapFrame): readonly PublishEffect<Ticket>[] {
    return this.#keep(publishState.onGap(this.#state, frame));
  }
  error(frame: ErrorFrame): readonly PublishEffect<Ticket>[] {
    return this.#keep(publishState.onError(this.#state, frame));
  }
  retryDue(): readonly PublishEffect<Ticket>[] {
    return this.#keep(publishState.onRetryDue(this.#state));
  }

  #keep([state, effects]: PublishChange<Ticket>): readonly PublishEffect<Ticket>[] {
    this.#state = state;
    return effects;
  }
}
