import { withDeadline } from '../lib/deadline.js';
import { encodeFrame } from '../protocol/codec.js';
import { closeCode } from '../protocol/close-codes.js';
import type { ErrorFrame, MigrateFrame, ServerFrame, StreamPositions, WelcomeFrame } from '../protocol/frames.js';
import type { PublisherId } from '../protocol/ids.js';
import type { ClientSettings } from './client-options.js';
import { allowedEndpoints } from './endpoints.js';
import { OBSERVED } from './observer.js';
import { transition } from './ownership-transition.js';
import {
  initialOwnership,
  type KeptSession,
  type HelloIdentity,
  type Opened,
  type Ownership,
  type OwnershipEffect,
  type OwnershipEvent,
  type StopReason,
} from './ownership.js';
import { onPage } from './page.js';
import { Renewal } from './renewal.js';
import { Sockets } from './sockets.js';
import { Timers } from './timers.js';

/** What the driver needs from, and tells, the streams and publishes above it. */
export interface SessionListener {
  hello(connection: number): { readonly streams: StreamPositions; readonly publisher: PublisherId };
  /** `from`: the connection that was current until now, if it is still open. */
  welcomed(opened: Opened, frame: WelcomeFrame, from: number | null): void;
  /** From a welcomed connection, or an `error` from one that waits. */
  received(connection: number, frame: ServerFrame): void;
  gone(connection: number): void;
  restarted(goneSession: string | null): void;
  tokenFailed(error: unknown): void;
  stopped(why: StopReason): void;
  changed(state: Ownership, welcome: WelcomeFrame | null): void;
  /** A connection is opened next: its attempt must be known to a later page first. */
  opening(): void;
}

const TOKEN_MS = 30_000;

/** Keeps the session connected: owns the sockets and their timers, and does what `transition` says. */
export class SessionDriver {
  #state: Ownership;
  #welcome: WelcomeFrame | null = null;
  /** What comes in while another event is being worked on. */
  readonly #inbox: (() => void)[] = [];
  #working = false;
  readonly #hellos = new Map<number, { readonly opened: Opened; readonly identity: HelloIdentity }>();
  readonly #timers: Timers;
  readonly #sockets: Sockets;
  readonly #renewal: Renewal;
  readonly #stopListening: () => void;
  /** What the service asked for before the scheduled attempt; the rest of its wait is backoff. */
  #notBeforeMs = 0;

  constructor(
    private readonly settings: ClientSettings,
    private readonly listener: SessionListener,
  ) {
    this.#state = initialOwnership({ urls: settings.urls, backoff: settings.backoff });
    this.#timers = new Timers(settings.clock);
    this.#sockets = new Sockets(settings.webSocket, settings.clock, {
      opened: (connection) => this.#turn(() => this.#sayHello(connection)),
      received: (connection, frame) => this.#turn(() => this.#receive(connection, frame)),
      closed: (connection, code, reason) => this.#turn(() => this.#closed(connection, code, reason)),
    });
    this.#stopListening = onPage('online', () => {
      this.#online();
    });
    this.#renewal = new Renewal(settings, this.#timers, {
      token: () => this.#token(),
      send: (connection, token) => this.#sockets.send(connection, encodeFrame({ type: 'token', token })),
      failed: (error) => {
        listener.tokenFailed(error);
      },
    });
  }

  /** What a backoff waits for has come: the network is back. */
  #online(): void {
    if (this.#state.next.kind !== 'scheduled' || this.#state.current !== null) return;
    this.#startTimer('due', Math.max(0, this.#notBeforeMs - this.settings.clock.monotonic()), { type: 'due' });
  }

  get state(): Ownership {
    return this.#state;
  }

  start(kept: KeptSession | null): void {
    this.#turn(() => this.#dispatch({ type: 'start', kept }));
  }

  close(): void {
    this.#turn(() => this.#dispatch({ type: 'close' }));
  }

  send(connection: number, text: string): void {
    this.#sockets.send(connection, text);
  }

  /** Since the last frame on the current connection. */
  get silentMs(): number | null {
    const { current } = this.#state;
    return current && this.#sockets.silentMs(current.connection);
  }

  /** Whatever its socket says, the connection is of no use: as if it had closed with 1006. */
  lose(connection: number, why: string): void {
    this.#sockets.lose(connection, why);
  }

  /** Everything from outside comes through here, one after the other, also when a callback calls back. */
  #turn(run: () => void): void {
    this.#inbox.push(run);
    if (this.#working) return;
    this.#working = true;
    try {
      for (let next = this.#inbox.shift(); next; next = this.#inbox.shift()) next();
    } finally {
      this.#working = false;
    }
  }

  #dispatch(event: OwnershipEvent): void {
    const [state, effects] = transition(this.#state, event, this.settings.clock.monotonic());
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    this.listener.changed(this.#state, this.#welcome);
  }

  #perform(effect: OwnershipEffect): void {
    switch (effect.type) {
      case 'open':
        this.#open(effect.opened, effect.hello);
        break;
      case 'drop':
        this.#drop(effect.connection);
        break;
      case 'gone':
        this.listener.gone(effect.connection);
        break;
      case 'schedule':
        this.#notBeforeMs = this.settings.clock.monotonic() + effect.atLeastMs;
        this.#startTimer('due', effect.atLeastMs + this.settings.random() * effect.spreadMs, { type: 'due' });
        break;
      case 'ask-token':
        this.#askToken();
        break;
      case 'timer':
        this.#startTimer(effect.timer, effect.afterMs, {
          type: effect.timer,
          connection: this.#state.current?.connection ?? 0,
        });
        break;
      case 'welcomed':
        if (this.#welcome) this.listener.welcomed(effect.opened, this.#welcome, effect.from);
        break;
      case 'bye':
        this.#sockets.send(effect.connection, encodeFrame({ type: 'bye' }));
        break;
      case 'restart':
        this.listener.restarted(effect.goneSession);
        break;
      case 'stopped':
        this.#stopListening();
        this.#timers.cancelAll();
        this.listener.stopped(effect.why);
        break;
      default:
        return effect satisfies never;
    }
  }

  #startTimer(name: string, afterMs: number, event: OwnershipEvent): void {
    this.#timers.start(name, afterMs, () => {
      this.#turn(() => this.#dispatch(event));
    });
  }

  #open(opened: Opened, identity: HelloIdentity): void {
    const { connection, attempt, url } = opened;
    this.#hellos.set(connection, { opened, identity });
    if (OBSERVED)
      this.settings.observer?.({ type: 'opened', connection, attempt, url, handOver: this.#state.current !== null });
    this.listener.opening();
    this.#sockets.open(connection, url);
  }

  #drop(connection: number): void {
    if (OBSERVED) this.#observeClosed(connection, closeCode.done, '', true);
    this.#hellos.delete(connection);
    this.#renewal.gone(connection);
    this.#sockets.drop(connection);
    this.listener.gone(connection);
  }

  #sayHello(connection: number): void {
    const hello = this.#hellos.get(connection);
    if (hello === undefined) return;
    const { hops, session, token } = hello.identity;
    const text = encodeFrame({
      type: 'hello',
      attempt: hello.opened.attempt,
      ...(token === null ? {} : { token }),
      ...(session === null ? {} : { session: session.id, resume: session.resume }),
      ...this.listener.hello(connection),
      can: this.settings.overlap ? ['overlap'] : [],
      hops,
    });
    this.#sockets.send(connection, text);
  }

  #receive(connection: number, frame: ServerFrame): void {
    switch (frame.type) {
      case 'ping':
        this.#sockets.send(connection, encodeFrame({ type: 'pong' }));
        break;
      case 'welcome':
        this.#welcomed(connection, frame);
        break;
      case 'migrate':
        this.#migrate(connection, frame);
        break;
      case 'busy':
        this.#dispatch({ type: 'busy', connection, retryAfterMs: frame.retryAfterMs });
        break;
      case 'credential':
        if (connection === this.#state.current?.connection) this.#renewal.credential(connection, frame.expiresInMs);
        this.listener.received(connection, frame);
        break;
      case 'error':
        if (mayAnswerToken(frame)) this.#renewal.error(connection, frame.retryAfterMs);
        this.listener.received(connection, frame);
        break;
      default:
        if (this.#isWelcomed(connection)) this.listener.received(connection, frame);
    }
  }

  #welcomed(connection: number, frame: WelcomeFrame): void {
    const { next } = this.#state;
    if (next.kind !== 'waiting' || next.opened.connection !== connection) return;
    this.#welcome = frame;
    this.#renewal.cancel();
    const { session, resume, resumed, pod, revision } = frame;
    const { attempt } = next.opened;
    if (OBSERVED) this.settings.observer?.({ type: 'welcome', connection, attempt, session, resumed, pod, revision });
    this.#dispatch({ type: 'welcome', connection, session: { id: session, resume } });
    this.#sockets.watchSilence(connection, 2_000 * frame.pingSeconds);
  }

  #migrate(connection: number, { withinMs, deadlineMs, endpoints: offered, reason }: MigrateFrame): void {
    const endpoints = allowedEndpoints(offered, this.settings.urls, this.settings.allowedOrigins);
    if (OBSERVED) this.settings.observer?.({ type: 'migrate', connection, reason, endpoints });
    this.#dispatch({ type: 'migrate', connection, withinMs, deadlineMs, endpoints });
  }

  #closed(connection: number, code: number, reason: string): void {
    if (OBSERVED) this.#observeClosed(connection, code, reason, false);
    this.#hellos.delete(connection);
    this.#renewal.gone(connection);
    this.#dispatch({ type: 'closed', connection, code, reason });
  }

  #observeClosed(connection: number, code: number, reason: string, dropped: boolean): void {
    const attempt = this.#hellos.get(connection)?.opened.attempt;
    if (attempt === undefined) return;
    const wasCurrent = this.#state.current?.connection === connection;
    this.settings.observer?.({ type: 'closed', connection, attempt, code, reason, wasCurrent, dropped });
  }

  #isWelcomed(connection: number): boolean {
    return connection === this.#state.current?.connection || connection === this.#state.previous?.connection;
  }

  #askToken(): void {
    this.#token().then(
      (token) => {
        this.#turn(() => this.#dispatch({ type: 'token', token }));
      },
      (error: unknown) => {
        this.listener.tokenFailed(error);
        this.#turn(() => this.#dispatch({ type: 'no-token' }));
      },
    );
  }

  #token(): Promise<string> {
    return withDeadline(this.settings.clock, 'the token function', TOKEN_MS, this.settings.token());
  }
}

const mayAnswerToken = ({ stream, seq, channel }: ErrorFrame): boolean =>
  stream === undefined && seq === undefined && channel === undefined;
