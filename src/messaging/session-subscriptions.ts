import { BatonError } from '../lib/baton-error.js';
import { errorCodes, type ErrorName } from '../protocol/error-codes.js';
import type { ResetReason, StreamPositions } from '../protocol/frames.js';
import type { Position } from '../protocol/position.js';
import type { StreamName } from '../protocol/stream-name.js';
import type { LiveStreams, StreamSink, Subscription } from '../streams/live-streams.js';
import type { FrameWriter } from './frame-writer.js';
import { ownerOf, type SessionIdentity } from './session-identity.js';
import { sessionMay } from './session-permission.js';

export interface SubscriptionPorts {
  readonly live: LiveStreams;
  readonly streamsPerSession: number;
  readonly onReset: (reason: ResetReason) => void;
  readonly onSlow: () => void;
  /** The connection cannot go on, and is closed. */
  readonly onFailed: (session: SessionIdentity, stream: StreamName, cause: unknown) => void;
}

/** The streams that one connection receives. */
export class SessionSubscriptions {
  /** A list: most clients have few, and a map is larger than they are. */
  private sinks: readonly SocketSink[] = [];

  constructor(
    private readonly ports: SubscriptionPorts,
    private readonly writer: FrameWriter,
    private identity: SessionIdentity,
  ) {}

  /** The streams that `hello` named; one that isn't allowed is answered on its own and disturbs no other. */
  start(streams: StreamPositions): void {
    for (const [stream, position] of Object.entries(streams))
      this.subscribe(stream as StreamName, position as Position | null);
  }

  subscribe(stream: StreamName, position: Position | null): void {
    const current = this.sinkOf(stream);
    if (current && !current.answered) {
      this.writer.close('protocolError', `a subscribe to ${stream} is unanswered`);
      return;
    }
    if (!sessionMay(this.identity, stream, 'subscribe')) {
      this.refuse(stream, 'forbidden');
      return;
    }
    if (!current && this.sinks.length >= this.ports.streamsPerSession) {
      this.refuse(stream, 'too-many-streams');
      return;
    }
    if (current) this.drop(current);
    const sink = new SocketSink(stream, this.writer, this.ports, this);
    this.sinks = [...this.sinks, sink];
    sink.open(ownerOf(stream, this.identity), position);
  }

  has(stream: StreamName): boolean {
    return this.sinkOf(stream) !== undefined;
  }

  unsubscribe(stream: StreamName): void {
    const sink = this.sinkOf(stream);
    if (sink) this.drop(sink);
    this.writer.send({ type: 'unsubscribed', stream });
  }

  /** Redis was away for too long for this stream: the connection stays, and the client asks again. */
  ended(sink: SocketSink, { code, message, retryAfterMs = 0 }: BatonError): void {
    if (!this.sinks.includes(sink)) return;
    this.drop(sink);
    this.writer.send({ type: 'error', code, message, stream: sink.stream, retryAfterMs });
  }

  /** New grants: a subscription whose grant is gone ends with `error forbidden`. */
  renew(identity: SessionIdentity): void {
    this.identity = identity;
    for (const sink of this.sinks) {
      if (sessionMay(identity, sink.stream, 'subscribe')) continue;
      this.drop(sink);
      this.refuse(sink.stream, 'forbidden');
    }
  }

  get caughtUp(): boolean {
    return this.sinks.every((sink) => sink.settled && !sink.behind);
  }

  close(): void {
    const sinks = this.sinks;
    this.sinks = [];
    for (const sink of sinks) sink.close();
  }

  /** The connection cannot go on. */
  failed(stream: StreamName, cause: unknown): void {
    this.ports.onFailed(this.identity, stream, cause);
    this.writer.close('internal', 'a stream cannot be read');
  }

  private sinkOf(stream: StreamName): SocketSink | undefined {
    return this.sinks.find((sink) => sink.stream === stream);
  }

  private drop(sink: SocketSink): void {
    this.sinks = this.sinks.filter((other) => other !== sink);
    sink.close();
  }

  private refuse(stream: StreamName, code: ErrorName): void {
    this.writer.send({ type: 'error', code, message: errorCodes[code].meaning, stream });
  }
}

/** One stream on one socket. */
class SocketSink implements StreamSink {
  /** The client's subscribe has its answer: only until then is another one a violation. */
  answered = false;
  /** False in a replay, and between a reset, asked for or not, and its `subscribed`. */
  settled = false;
  /** The socket's queue was full: it reads from the log again once there is room. */
  behind = false;
  /** It was at least once. */
  private slow = false;
  private subscription: Subscription | null = null;

  constructor(
    readonly stream: StreamName,
    private readonly writer: FrameWriter,
    private readonly ports: SubscriptionPorts,
    private readonly subscriptions: SessionSubscriptions,
  ) {}

  open(owner: Parameters<LiveStreams['subscribe']>[0], position: Position | null): void {
    this.subscription = this.ports.live.subscribe(owner, position, this);
  }

  deliver(frames: Buffer, count: number): boolean {
    if (this.writer.sendShared(frames, count)) return true;
    if (!this.behind) {
      this.behind = true;
      this.slow = true;
      this.ports.onSlow();
      this.writer.whenDrained(() => {
        this.behind = false;
        this.subscription?.resume();
      });
    }
    return false;
  }

  reset(reason: ResetReason, position: Position): void {
    this.settled = false;
    // Its own reading could not keep pace with the window: the resume brings the reset.
    if (reason === 'trimmed' && this.slow && this.subscription?.live !== true) {
      this.writer.close('tooSlow');
      return;
    }
    this.ports.onReset(reason);
    this.writer.send({ type: 'reset', stream: this.stream, reason, position });
  }

  subscribed(position: Position): void {
    this.answered = true;
    this.settled = true;
    this.writer.send({ type: 'subscribed', stream: this.stream, position });
  }

  failed(cause: unknown): void {
    if (cause instanceof BatonError && cause.retryAfterMs !== undefined) this.subscriptions.ended(this, cause);
    else this.subscriptions.failed(this.stream, cause);
  }

  close(): void {
    this.subscription?.close();
    this.subscription = null;
  }
}
