import type {
  ErrorFrame,
  MessageFrame,
  ResetFrame,
  StreamPositions,
  SubscribedFrame,
  UnsubscribedFrame,
} from '../protocol/frames.js';
import type { Position } from '../protocol/position.js';
import type { StreamName } from '../protocol/stream-name.js';
import * as streamState from './stream-state.js';
import type { StreamChange, StreamEffect, StreamState } from './stream-state.js';

type StreamFrame = MessageFrame | SubscribedFrame | UnsubscribedFrame | ResetFrame | ErrorFrame;

/** Every stream that the application wants, over one or, in a hand-over, two connections. No I/O: it returns what to do. */
export class Subscriptions {
  readonly #streams = new Map<StreamName, StreamState>();
  /** What the `hello` of a connection named, until its `welcome`. */
  readonly #named = new Map<number, StreamPositions>();
  /** Unsubscribes on the current connection without their answer. */
  readonly #leaving = new Set<StreamName>();
  #current: number | null = null;

  get size(): number {
    return this.#streams.size;
  }

  /** The connection that was welcomed last, while it is open. */
  get current(): number | null {
    return this.#current;
  }

  /** Whether an answer is still to come on the current connection. */
  get waits(): boolean {
    if (this.#current === null) return false;
    if (this.#leaving.size > 0) return true;
    for (const { feed, standby } of this.#streams.values())
      for (const each of [feed, standby])
        if (each?.connection === this.#current && each.phase.kind === 'unanswered') return true;
    return false;
  }

  position(stream: StreamName): Position | null {
    return this.#streams.get(stream)?.position ?? null;
  }

  has(stream: StreamName): boolean {
    return this.#streams.has(stream);
  }

  /** Whether frames of the stream come, now, from a connection that has finished its replay. */
  isLive(stream: StreamName): boolean {
    return this.#streams.get(stream)?.feed?.phase.kind === 'live';
  }

  add(stream: StreamName, from: Position | null): readonly StreamEffect[] {
    if (this.#streams.has(stream)) return [];
    this.#streams.set(stream, { stream, position: from, feed: null, standby: null });
    return this.#subscribe(stream);
  }

  remove(stream: StreamName): readonly StreamEffect[] {
    const state = this.#streams.get(stream);
    this.#streams.delete(stream);
    return state !== undefined && this.#current !== null && uses(state, this.#current)
      ? this.#leave(stream, this.#current)
      : [];
  }

  /** The streams for the `hello` of this connection. */
  hello(connection: number): StreamPositions {
    const named = Object.fromEntries(
      [...this.#streams].map(([stream, { position }]) => [stream, position]),
    ) as StreamPositions;
    this.#named.set(connection, named);
    return named;
  }

  /** The connection is the current one now: what changed since its `hello` is asked for. */
  welcomed(connection: number): readonly StreamEffect[] {
    const named = this.#named.get(connection) ?? {};
    this.#named.clear();
    this.#leaving.clear();
    this.#current = connection;
    const unwanted = (Object.keys(named) as StreamName[]).filter((stream) => !this.#streams.has(stream));
    return [
      ...unwanted.flatMap((stream) => this.#leave(stream, connection)),
      ...[...this.#streams.values()].flatMap((state) =>
        this.#keep(streamState.welcomed(state, connection, named[state.stream])),
      ),
    ];
  }

  gone(connection: number): void {
    this.#named.delete(connection);
    if (this.#current === connection) {
      this.#current = null;
      this.#leaving.clear();
    }
    for (const state of this.#streams.values()) this.#keep([streamState.gone(state, connection), []]);
  }

  frame(connection: number, frame: StreamFrame): readonly StreamEffect[] {
    if (frame.stream === undefined) return [];
    const leaving = connection === this.#current && this.#leaving.has(frame.stream);
    if (leaving) return this.#whileLeaving(frame.stream, frame);
    const state = this.#streams.get(frame.stream);
    if (state === undefined) return [];
    switch (frame.type) {
      case 'message':
        return this.#keep(streamState.onMessage(state, connection, frame));
      case 'subscribed':
        return this.#keep(streamState.onSubscribed(state, connection, frame));
      case 'reset':
        return this.#keep(streamState.onReset(state, connection, frame));
      case 'error':
        return this.#error(state, connection, frame);
      case 'unsubscribed':
        return [];
    }
  }

  /** The timer of a `pause`. */
  due(stream: StreamName): readonly StreamEffect[] {
    const state = this.#streams.get(stream);
    return state ? this.#keep(streamState.onDue(state)) : [];
  }

  #error(state: StreamState, connection: number, frame: ErrorFrame): readonly StreamEffect[] {
    if (frame.retryAfterMs !== undefined) return this.#keep(streamState.onTemporaryError(state, connection, frame));
    if (!uses(state, connection)) return [];
    this.#streams.delete(state.stream);
    const newer =
      this.#current !== null && this.#current !== connection && uses(state, this.#current) ? this.#current : null;
    return [
      ...(newer === null ? [] : this.#leave(state.stream, newer)),
      { type: 'ended', stream: state.stream, code: frame.code, message: frame.message },
    ];
  }

  #whileLeaving(stream: StreamName, frame: StreamFrame): readonly StreamEffect[] {
    if (frame.type !== 'unsubscribed' && frame.type !== 'error') return [];
    this.#leaving.delete(stream);
    return this.#subscribe(stream);
  }

  #subscribe(stream: StreamName): readonly StreamEffect[] {
    const state = this.#streams.get(stream);
    if (state === undefined || this.#current === null || this.#leaving.has(stream)) return [];
    return this.#keep(streamState.subscribeOn(state, this.#current));
  }

  #leave(stream: StreamName, connection: number): readonly StreamEffect[] {
    this.#leaving.add(stream);
    return [{ type: 'unsubscribe', connection, stream }];
  }

  #keep([state, effects]: StreamChange): readonly StreamEffect[] {
    this.#streams.set(state.stream, state);
    return effects;
  }
}

const uses = (state: StreamState, connection: number): boolean =>
  state.feed?.connection === connection || state.standby?.connection === connection;
