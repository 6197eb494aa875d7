import type { ErrorFrame, Json, ServerFrame } from '../protocol/frames.js';
import type { StreamName } from '../protocol/stream-name.js';
import { ClientError } from './client-error.js';
import type { ClientSettings } from './client-options.js';
import { describe, sameState, type ClientState } from './client-state.js';
import { Emitter } from './emitter.js';
import { PageMemory } from './page-memory.js';
import { PresenceDriver } from './presence-driver.js';
import type { Presence } from './presence.js';
import { PublishDriver, type Lost, type Published } from './publish-driver.js';
import { SessionDriver } from './session-driver.js';
import { stopError } from './stop-error.js';
import { StreamDriver, type SubscribeOptions } from './stream-driver.js';
import type { MessageHandler, Reset, Subscription } from './subscription.js';

/** The session goes on over another connection. `overlapped`: the old one was still open. */
export interface Moved {
  readonly pod: string;
  readonly revision: string;
  readonly attempt: number;
  readonly overlapped: boolean;
}

export interface ClientEvents {
  readonly state: ClientState;
  /** Messages of a stream were missed for good. */
  readonly reset: Reset;
  /** Acknowledged publishes that are no longer in the log. */
  readonly lost: Lost;
  readonly moved: Moved;
  /** The session was gone: a new one follows, with another id. */
  readonly restarted: { readonly goneSession: string | null };
  readonly credential: { readonly expiresInMs: number };
  readonly stopped: { readonly error: ClientError | null };
  /** What concerns no single call: an `error` frame, a token function that failed, a callback that threw. */
  readonly error: ClientError;
}

/** One session of one user. It connects, moves and comes back by itself until it is closed or has to stop. */
export class Client {
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

  /** Use `connect`. */
  constructor(settings: ClientSettings) {
    this.ready = this.#ready.promise;
    this.ready.catch(() => undefined);
    this.#events = new Emitter((error) => {
      this.#callbackThrew(error);
    });
    this.#streams = new StreamDriver(settings, {
      send: (connection, text) => this.#driver.send(connection, text),
      reset: (reset) => this.#events.emit('reset', reset),
      unanswered: (connection) => this.#driver.lose(connection, 'a stream waits for its answer'),
      callbackThrew: (error) => this.#callbackThrew(error),
      changed: () => this.#memory.changed(),
    });
    this.#publisher = new PublishDriver(settings, {
      send: (connection, text) => this.#memory.beforeSending(() => this.#driver.send(connection, text)),
      lost: (lost) => this.#events.emit('lost', lost),
      failed: (error) => this.#report(error),
      changed: () => this.#memory.changed(),
    });
    this.#presence = new PresenceDriver({
      send: (connection, text) => this.#driver.send(connection, text),
      callbackThrew: (error) => this.#callbackThrew(error),
    });
    this.#driver = this.#createDriver(settings);
    this.#memory = new PageMemory(settings, () => ({
      session: this.#driver.state.session,
      attempt: this.#driver.state.lastAttempt,
      publishes: this.#publisher.kept,
      positions: this.#streams.positions,
    }));
    this.#streams.restore(this.#memory.kept?.positions ?? []);
    void this.#start();
  }

  /** At once unless an earlier page left something, which may belong to another tab. */
  async #start(): Promise<void> {
    const { kept } = this.#memory;
    const claimed = this.#memory.claim();
    if (!kept || !(await claimed)) {
      this.#driver.start(null);
      return;
    }
    const { session, attempt, publishes } = kept;
    if (publishes) this.#publisher.restore(publishes, session !== null);
    this.#driver.start(session && { session, attempt });
  }

  get state(): ClientState {
    return this.#state;
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
  subscribe(stream: StreamName, handler?: MessageHandler | null, options: SubscribeOptions = {}): Subscription {
    if (this.#state.kind === 'stopped') throw new ClientError('closed', 'the client has stopped');
    return this.#streams.subscribe(stream, handler ?? null, options);
  }

  /**
   * Resolves when the message is in the stream's log, once, whatever happens to pods and connections meanwhile. Publishes
   * to one stream keep their order. Rejects with ClientError: the service's refusal (`forbidden`, `too-big` …),
   * `too-many-unsettled`, `outcome-unknown` or `closed`.
   */
  publish(stream: StreamName, data: Json): Promise<Published> {
    return this.#publisher.publish(stream, data);
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
        settings.observer?.({ type: 'restarted' });
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

  #received(connection: number, frame: ServerFrame): void {
    switch (frame.type) {
      case 'message':
      case 'subscribed':
      case 'unsubscribed':
      case 'reset':
        this.#streams.received(connection, frame);
        break;
      case 'ack':
      case 'refused':
      case 'gap':
      case 'probe':
        this.#publisher.received(connection, frame);
        break;
      case 'presence':
        this.#presence.received(connection, frame);
        break;
      case 'error':
        this.#error(connection, frame);
        break;
      case 'credential':
        this.#events.emit('credential', { expiresInMs: frame.expiresInMs });
        break;
      case 'welcome':
      case 'migrate':
      case 'busy':
      case 'ping':
        break;
      default:
        // A type of a newer service.
        return frame satisfies never;
    }
  }

  /** With `seq` it answers a publish, with `stream` alone a subscribe or subscription; all else the application is told. */
  #error(connection: number, frame: ErrorFrame): void {
    if (frame.seq !== undefined) this.#publisher.received(connection, frame);
    else if (frame.stream !== undefined) this.#streams.received(connection, frame);
    else {
      const error = new ClientError(frame.code, frame.message);
      if (frame.channel !== undefined) this.#presence.refused(connection, frame.channel, error);
      this.#report(error);
    }
  }

  #changed(state: ClientState): void {
    if (sameState(this.#state, state)) return;
    this.#state = state;
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
    this.#report(new ClientError('callback', 'a callback of the application threw', { cause }));
  }

  /** Without a listener it would vanish. */
  #report(error: ClientError): void {
    if (!this.#events.emit('error', error)) console.error(error);
  }
}
