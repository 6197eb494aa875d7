import { MAX_STREAMS_PER_SESSION } from '../protocol/bounds.js';
import { encodeFrame } from '../protocol/codec.js';
import type { MessageFrame, ServerFrame, StreamPositions } from '../protocol/frames.js';
import type { Position } from '../protocol/position.js';
import { isStreamName, type StreamName } from '../protocol/stream-name.js';
import { AnswerWatch } from './answer-watch.js';
import { badName, ClientError } from './client-error.js';
import type { ClientSettings } from './client-options.js';
import { OBSERVED } from './observer.js';
import { retryDelayMs } from './retry-delay.js';
import type { StreamEffect } from './stream-state.js';
import { OpenSubscription, type MessageHandler, type Reset, type SubscriptionOwner } from './subscription.js';
import { Subscriptions } from './subscriptions.js';
import { Timers } from './timers.js';

/** Where a subscription begins, and how far it may fall behind. */
export interface SubscribeOptions {
  /**
   * Where to begin instead of now. `'last'`: after the last message of this stream that the application was given, also
   * by the page before a reload, or by a subscription that it has closed; from now if there was none. A position
   * (kept by the application, or from the HTTP API): after that; only for a stream not yet subscribed.
   */
  readonly from?: Position | 'last';
  /** Messages that a `for await` may fall behind before the stream waits for it. Default 1,000. */
  readonly capacity?: number;
}

export interface StreamDriverPort {
  send(connection: number, text: string): void;
  reset(reset: Reset): void;
  callbackThrew(error: unknown): void;
  /** Something that a later page should know. */
  changed(): void;
  /** The connection answers no more. */
  unanswered(connection: number): void;
}

/** The application's subscriptions, several to a stream, and the frames and timers that keep them going. */
export class StreamDriver implements SubscriptionOwner {
  readonly #subscriptions = new Subscriptions();
  readonly #users = new Map<StreamName, Set<OpenSubscription>>();
  /** Streams that wait for a slow consumer, and how far they have come. Meanwhile they aren't subscribed. */
  readonly #held = new Map<StreamName, { readonly position: Position | null; readonly by: Set<OpenSubscription> }>();
  /** Where the application is in each stream, also those that it has left; the ones used last at the end. */
  readonly #last = new Map<StreamName, Position>();
  readonly #timers: Timers;
  readonly #answers: AnswerWatch;

  constructor(
    private readonly settings: ClientSettings,
    private readonly port: StreamDriverPort,
  ) {
    this.#timers = new Timers(settings.clock);
    this.#answers = new AnswerWatch(
      settings.clock,
      settings.answerTimeoutMs,
      () => this.#subscriptions.waits,
      () => {
        if (this.#subscriptions.current !== null) port.unanswered(this.#subscriptions.current);
      },
    );
  }

  /** Of what the application was given. */
  get positions(): readonly (readonly [StreamName, Position])[] {
    for (const stream of this.#users.keys()) this.#remember(stream);
    return [...this.#last].slice(-MAX_STREAMS_PER_SESSION);
  }

  /** What an earlier page was given. */
  restore(positions: readonly (readonly [StreamName, Position])[]): void {
    for (const [stream, position] of positions) this.#last.set(stream, position);
  }

  /** Nothing was sent yet, and another session than the one before begins: of that one's own stream there is nothing to go on from. */
  begunAnew(): void {
    const last = this.#last.get('session');
    this.#last.delete('session');
    if (last === undefined || this.#subscriptions.position('session') !== last) return;
    this.#subscriptions.remove('session');
    this.#perform(this.#subscriptions.add('session', null));
  }

  /** Throws ClientError `bad-stream` or `too-many-streams`. */
  subscribe(stream: StreamName, handler: MessageHandler | null, options: SubscribeOptions): OpenSubscription {
    if (!isStreamName(stream)) throw badName(stream, 'stream');
    const subscription = new OpenSubscription(stream, this, handler, options.capacity ?? 1_000);
    const users = this.#users.get(stream);
    if (users === undefined) {
      if (this.#users.size >= MAX_STREAMS_PER_SESSION)
        throw new ClientError('too-many-streams', `at most ${MAX_STREAMS_PER_SESSION} streams`);
      this.#users.set(stream, new Set([subscription]));
      const from = options.from === 'last' ? this.#last.get(stream) : options.from;
      this.#perform(this.#subscriptions.add(stream, from ?? null));
      return subscription;
    }
    if (options.from !== undefined && options.from !== 'last')
      throw new ClientError('conflict', `${stream} is subscribed already: no \`from\` then`);
    users.add(subscription);
    const position = this.#subscriptions.position(stream);
    if (position !== null && this.#subscriptions.isLive(stream)) subscription.becameReady(position);
    return subscription;
  }

  unsubscribe(subscription: OpenSubscription): void {
    const { stream } = subscription;
    const users = this.#users.get(stream);
    if (users?.has(subscription) !== true) return;
    this.#remember(stream);
    users.delete(subscription);
    if (users.size > 0) {
      this.drained(subscription);
      return;
    }
    this.#users.delete(stream);
    this.#held.delete(stream);
    this.#timers.cancel(stream);
    this.#perform(this.#subscriptions.remove(stream));
  }

  drained(subscription: OpenSubscription): void {
    const { stream } = subscription;
    const held = this.#held.get(stream);
    if (held?.by.delete(subscription) !== true || held.by.size > 0) return;
    this.#held.delete(stream);
    this.#perform(this.#subscriptions.add(stream, held.position));
  }

  handedOver(): void {
    this.port.changed();
  }

  callbackThrew(error: unknown): void {
    this.port.callbackThrew(error);
  }

  hello(connection: number): StreamPositions {
    return this.#subscriptions.hello(connection);
  }

  welcomed(connection: number): void {
    this.#timers.cancelAll();
    this.#answers.stop();
    this.#perform(this.#subscriptions.welcomed(connection));
    this.#answers.check();
  }

  gone(connection: number): void {
    this.#subscriptions.gone(connection);
    this.#answers.check();
  }

  received(connection: number, frame: ServerFrame): void {
    switch (frame.type) {
      case 'message':
      case 'subscribed':
      case 'unsubscribed':
      case 'reset':
      case 'error':
        this.#perform(this.#subscriptions.frame(connection, frame));
        if (connection !== this.#subscriptions.current) break;
        this.#answers.progress();
        if (frame.type !== 'message') this.#answers.check();
    }
  }

  stopped(error: ClientError): void {
    this.#timers.cancelAll();
    this.#answers.stop();
    for (const [stream, users] of this.#users) {
      this.#remember(stream);
      for (const user of [...users]) user.end(error);
    }
    this.#users.clear();
  }

  #perform(effects: readonly StreamEffect[]): void {
    for (const effect of effects) this.#do(effect);
    if (effects.length > 0) this.port.changed();
  }

  #do(effect: StreamEffect): void {
    switch (effect.type) {
      case 'subscribe': {
        const { connection, stream, position } = effect;
        const frame = { type: 'subscribe', stream, ...(position === null ? {} : { position }) } as const;
        this.port.send(connection, encodeFrame(frame));
        this.#answers.check();
        break;
      }
      case 'unsubscribe':
        this.port.send(effect.connection, encodeFrame({ type: 'unsubscribe', stream: effect.stream }));
        this.#answers.check();
        break;
      case 'deliver':
        this.#deliver(effect.connection, effect.message);
        break;
      case 'reset':
        this.#reset({ stream: effect.stream, reason: effect.reason, position: effect.position });
        break;
      case 'ready':
        if (OBSERVED) this.settings.observer?.({ ...effect, type: 'subscribed' });
        for (const user of this.#usersOf(effect.stream)) user.becameReady(effect.position);
        break;
      case 'pause':
        this.#pause(effect.stream, effect.atLeastMs, effect.failures);
        break;
      case 'ended':
        this.#ended(effect.stream, new ClientError(effect.code, effect.message));
        break;
      default:
        return effect satisfies never;
    }
  }

  #deliver(connection: number, { stream, offset, id, data }: MessageFrame): void {
    if (OBSERVED) this.settings.observer?.({ type: 'message', connection, stream, offset, id, data });
    const full = this.#usersOf(stream).filter((user) => !user.deliver({ stream, offset, id, data }));
    if (full.length > 0 && this.#users.has(stream)) this.#hold(stream, full);
  }

  #hold(stream: StreamName, by: readonly OpenSubscription[]): void {
    this.#held.set(stream, { position: this.#subscriptions.position(stream), by: new Set(by) });
    this.#timers.cancel(stream);
    this.#perform(this.#subscriptions.remove(stream));
  }

  #reset(reset: Reset): void {
    if (OBSERVED) this.settings.observer?.({ type: 'reset', ...reset });
    for (const user of this.#usersOf(reset.stream)) user.reset(reset);
    this.port.reset(reset);
  }

  #pause(stream: StreamName, atLeastMs: number, failures: number): void {
    this.#timers.start(stream, retryDelayMs(this.settings, failures, atLeastMs), () => {
      this.#perform(this.#subscriptions.due(stream));
    });
  }

  #ended(stream: StreamName, error: ClientError): void {
    const users = this.#usersOf(stream);
    this.#users.delete(stream);
    this.#held.delete(stream);
    this.#timers.cancel(stream);
    for (const user of users) user.end(error);
  }

  /** The slowest of several subscriptions counts. */
  #remember(stream: StreamName): void {
    const positions = this.#usersOf(stream).flatMap(({ position }) => position ?? []);
    const [lowest] = positions.sort((a, b) => a.offset - b.offset);
    if (lowest === undefined) return;
    this.#last.delete(stream);
    this.#last.set(stream, lowest);
  }

  /** A copy: a callback may close its subscription. */
  #usersOf(stream: StreamName): readonly OpenSubscription[] {
    return [...(this.#users.get(stream) ?? [])];
  }
}
