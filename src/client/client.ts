import type { ErrorFrame, ServerFrame } from '../protocol/frames.js';
import type { StreamName } from '../protocol/stream-name.js';
import { ClientError } from './client-error.js';
import type { ClientSettings } from './client-options.js';
import { describe, sameState, type ClientState } from './client-state.js';
import { Emitter } from './emitter.js';
import { OBSERVED } from './observer.js';
import { PageMemory } from './page-memory.js';
import { PresenceDriver } from './presence-driver.js';
import type { Presence } from './presence.js';
import { PublishDriver, type Lost, type Published } from './publish-driver.js';
import { SessionDriver } from './session-driver.js';
import { stopError } from './stop-error.js';
import { StreamDriver, type SubscribeOptions } from './stream-driver.js';
import type { DataOf, MessageHandler, Reset, Subscription } from './subscription.js';

/** The session goes on over another connection. */
export interface Moved {
  /** The pod's name. */
  readonly pod: string;
  /** What the pod runs, as its deployment says. */
  readonly revision: string;
  /** How many connections the client has opened for its session, this one included. */
  readonly attempt: number;
  /** The old connection was still open: nothing was interrupted. */
  readonly overlapped: boolean;
}

/** How well the present connection does. */
export interface ConnectionQuality {
  /**
   * What a publish takes until it is in the log, in ms: the network there and back, and the service's commit. Smoothed
   * over the last few; null before the first. Kept over a move.
   */
  readonly roundTripMs: number | null;
  /** Since the last frame of any kind, in ms. The service says something every 25 s; after 50 s the connection is given up. Null without one. */
  readonly silentMs: number | null;
}

/** What a client tells its application, by the name that `on` takes. */
export interface ClientEvents {
  /** The state is another one now; `status()` gives the same to a loop. */
  readonly state: ClientState;
  /** Messages of a stream were missed for good. */
  readonly reset: Reset;
  /** Acknowledged publishes that are no longer in the log. */
  readonly lost: Lost;
  /** The session goes on over another connection. */
  readonly moved: Moved;
  /** The session was gone: a new one follows, with another id. */
  readonly restarted: { readonly goneSession: string | null };
  /** The credential was renewed, or ends in a minute; the client asks for another by itself. */
  readonly credential: { readonly expiresInMs: number };
  /** For good. `error` is null when the application closed the client. */
  readonly stopped: { readonly error: ClientError | null };
  /** What concerns no single call: an `error` frame, a token function that failed, a callback that threw. */
  readonly error: ClientError;
}

/**
 * One session of one user. It connects, moves and comes back by itself until it is closed or has to stop. `Streams` are
 * the types of the data by stream, as given to `connect`.
 */
export class Client<Streams extends object = object> {
  /** Resolves at the first `welcome`; rejects with ClientError if the client stops before it. */
  readonly ready: Promise<void>;
  readonly #ready = Promise.withResolvers<undefined>();
  readonly #closed = Promise.withResolvers<undefined>();
  readonly #events: Emitter<ClientEvents>;
  readonly #driver: SessionDriver;
  readonly #streams: StreamDriver;
  readonly #publisher: PublishDriver;
  readonly #presence: PresenceDriver;
  readonly #memory: PageMemory;
  #state: ClientState = { kind: 'connecting' };
  /** Loops over `status()` that wait. */
  readonly #changes: ((state: ClientState) => void)[] = [];

  /** Use `connect`. */
  constructor(settings: ClientSettings) {
    this.ready = this.#ready.promise;
    this.ready.catch(() => undefined);
    const port = {
      send: (connection: number, text: string) => this.#driver.send(connection, text),
      changed: () => this.#memory.changed(),
      callbackThrew: (error: unknown) => this.#callbackThrew(error),
      failed: (error: ClientError) => this.#report(error),
      reset: (reset: Reset) => this.#events.emit('reset', reset),
      lost: (lost: Lost) => this.#events.emit('lost', lost),
      unanswered: (connection: number) => this.#driver.lose(connection, 'a stream waits for its answer'),
    };
    this.#events = new Emitter(port.callbackThrew);
    this.#streams = new StreamDriver(settings, port);
    this.#publisher = new PublishDriver(settings, {
      ...port,
      send: (connection, text) => this.#memory.beforeSending(() => port.send(connection, text)),
    });
    this.#presence = new PresenceDriver(settings, port);
    this.#driver = this.#createDriver(settings);
    this.#memory = new PageMemory(settings, () => {
      const { session, lastAttempt: attempt } = this.#driver.state;
      const { kept, unsettled } = this.#publisher;
      return { session, attempt, publishes: session && kept, unsettled, positions: this.#streams.positions };
    });
    this.#streams.restore(this.#memory.kept?.positions ?? []);
    void this.#start();
  }

  /** At once unless an earlier page left something, which may belong to another tab. */
  async #start(): Promise<void> {
    const { kept } = this.#memory;
    const claimed = this.#memory.claim();
    if (!kept || !(await claimed)) {
      this.#streams.begunAnew();
      this.#driver.start(null);
      return;
    }
    const { session, attempt } = kept;
    if (session === null) this.#streams.begunAnew();
    this.#publisher.restore(kept);
    this.#driver.start(session && { session, attempt });
  }

  /** What the client does now. */
  get state(): ClientState {
    return this.#state;
  }

  /**
   * The present state, then each later one, for one `for await`; it ends after `stopped`. A loop that is slower than the
   * states goes on with the present one.
   */
  async *status(): AsyncGenerator<ClientState, void, undefined> {
    for (let told: ClientState | null = null; told?.kind !== 'stopped';) {
      if (told === this.#state) await new Promise((changed) => this.#changes.push(changed));
      yield (told = this.#state);
    }
  }

  /** A look at the present connection; ask again whenever it is wanted. */
  get quality(): ConnectionQuality {
    return { roundTripMs: this.#publisher.roundTripMs, silentMs: this.#driver.silentMs };
  }

  /** Publishes that wait for their answer, those of an offline time included; at most `maxUnsettled`. */
  get unsettled(): number {
    return this.#publisher.unsettled;
  }

  /** Null until the first `welcome`, and between a session that is gone and the next. */
  get session(): { readonly id: string } | null {
    const { session } = this.#driver.state;
    return session && { id: session.id };
  }

  /** Returns the function that removes the listener. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Messages of a stream from now on (or `options.from`), to the handler or, without one, to `for await`. Several
   * subscriptions to one stream share it. Throws ClientError `bad-stream`, `too-many-streams`, `conflict` or `closed`.
   */
  subscribe<Name extends StreamName>(
    stream: Name,
    handler?: MessageHandler<DataOf<Streams, Name>> | null,
    options: SubscribeOptions = {},
  ): Subscription<DataOf<Streams, Name>> {
    if (this.#state.kind === 'stopped') throw new ClientError('closed', 'the client has stopped');
    const subscription: unknown = this.#streams.subscribe(stream, (handler ?? null) as MessageHandler | null, options);
    return subscription as Subscription<DataOf<Streams, Name>>;
  }

  /**
   * Resolves when the message is in the stream's log, once, whatever happens to pods and connections meanwhile. Publishes
   * to one stream keep their order. Without a connection they wait, up to `maxUnsettled`. Rejects with ClientError: the
   * service's refusal (`forbidden`, `too-big` …), `too-many-unsettled`, `outcome-unknown` or `closed`.
   */
  publish<Name extends StreamName>(stream: Name, data: DataOf<Streams, Name>): Promise<Published> {
    const published = this.#publisher.publish(stream, data);
    // Also what can't be sent now is kept by the end of the turn: a page may die without notice.
    this.#memory.beforeSending(() => undefined);
    return published;
  }

  /**
   * The session is in a channel, and hears who else is, until the presence is closed. Throws ClientError `bad-stream` or
   * `closed`; a refusal of the service (`forbidden`) rejects its `ready`, and is its `refused` and an `error` event.
   */
  presence(channel: string): Presence {
    if (this.#state.kind === 'stopped') throw new ClientError('closed', 'the client has stopped');
    return this.#presence.enter(channel);
  }

  /** Ends the session (`bye`) and settles everything that waits. */
  close(): Promise<void> {
    this.#memory.sendAll();
    this.#driver.close();
    return this.#closed.promise;
  }

  #createDriver(settings: ClientSettings): SessionDriver {
    return new SessionDriver(settings, {
      hello: (connection) => ({
        streams: this.#streams.hello(connection),
        publisher: this.#publisher.publisher,
      }),
      welcomed: ({ connection, attempt }, { pod, revision, resumed }, from) => {
        this.#memory.save();
        this.#publisher.welcomed(connection);
        this.#streams.welcomed(connection);
        this.#presence.welcomed(connection);
        this.#ready.resolve(undefined);
        if (resumed) this.#events.emit('moved', { pod, revision, attempt, overlapped: from !== null });
      },
      received: (connection, frame) => {
        this.#received(connection, frame);
      },
      gone: (connection) => {
        this.#streams.gone(connection);
        this.#publisher.gone(connection);
        this.#presence.gone(connection);
      },
      restarted: (goneSession) => {
        if (OBSERVED) settings.observer?.({ type: 'restarted' });
        this.#publisher.restarted();
        this.#events.emit('restarted', { goneSession });
      },
      tokenFailed: (cause) => {
        this.#report(new ClientError('no-token', 'the token function failed', { cause }));
      },
      stopped: (why) => {
        this.#stopped(stopError(why));
      },
      opening: () => {
        this.#memory.save();
      },
      changed: (state, welcome) => {
        this.#changed(describe(state, welcome, this.#state.kind === 'stopped' ? this.#state.error : null));
      },
    });
  }

  /** Each takes its own; a type of a newer service is nobody's. */
  #received(connection: number, frame: ServerFrame): void {
    if (frame.type === 'error') {
      this.#error(connection, frame);
      return;
    }
    if (frame.type === 'credential') this.#events.emit('credential', { expiresInMs: frame.expiresInMs });
    for (const driver of [this.#streams, this.#publisher, this.#presence]) driver.received(connection, frame);
  }

  /** With `seq` it answers a publish, with `stream` alone a subscribe or subscription; all else the application is told. */
  #error(connection: number, frame: ErrorFrame): void {
    if (frame.seq !== undefined) this.#publisher.received(connection, frame);
    else if (frame.stream !== undefined) this.#streams.received(connection, frame);
    else {
      const error = new ClientError(frame.code, frame.message);
      if (frame.channel !== undefined) this.#presence.refused(connection, frame.channel, error, frame.retryAfterMs);
      if (frame.channel === undefined || frame.retryAfterMs === undefined) this.#report(error);
    }
  }

  #changed(state: ClientState): void {
    if (sameState(this.#state, state)) return;
    this.#state = state;
    for (const told of this.#changes.splice(0)) told(state);
    this.#events.emit('state', state);
  }

  #stopped(error: ClientError | null): void {
    const reason = error ?? new ClientError('closed', 'the client was closed');
    this.#streams.stopped(reason);
    this.#publisher.stopped(reason);
    this.#presence.stopped(reason);
    this.#ready.reject(reason);
    this.#memory.end(error === null);
    this.#closed.resolve(undefined);
    this.#changed({ kind: 'stopped', error });
    this.#events.emit('stopped', { error });
  }

  #callbackThrew(cause: unknown): void {
    this.#report(new ClientError('callback', 'a callback threw', { cause }));
  }

  /** Without a listener it would vanish. */
  #report(error: ClientError): void {
    if (!this.#events.emit('error', error)) console.error(error);
  }
}
