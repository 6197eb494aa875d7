import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { SessionIdentity } from '../messaging/session-identity.js';
import type { FrameWriter } from '../messaging/frame-writer.js';
import type { SessionPresence } from '../messaging/session-presence.js';
import type { SessionPublisher } from '../messaging/session-publisher.js';
import type { SessionSubscriptions } from '../messaging/session-subscriptions.js';
import { closeCodes, type CloseName } from '../protocol/close-codes.js';
import { encodeFrame } from '../protocol/codec.js';
import type { ServerFrame } from '../protocol/frames.js';
import type { ConnectionId } from '../protocol/ids.js';
import type { SessionEvent, SessionRow, SessionStore } from '../sessions/session-store.js';
import type { MigrateRequest, MovableConnection } from './connection-registry.js';
import { nextState, type ConnectionEvent, type ConnectionState } from './connection-state.js';
import type { ConnectionContext } from './connection-context.js';
import type { FrameLimits } from './frame-limits.js';
import type { Claimant } from './handshake.js';
import { Outbox, type OutboxOwner } from './outbox.js';

/** The claimed session of a connection, and what it does with streams. */
export interface ClaimedSession {
  readonly row: SessionRow;
  readonly identity: SessionIdentity;
  readonly publisher: SessionPublisher;
  readonly subscriptions: SessionSubscriptions;
  readonly presence: SessionPresence;
}

/** Of pongs and whatever else waits to be written. */
const MAX_PONG_BYTES = 65_536;

/** One WebSocket: its state, its queue, its session once claimed. What its frames do is in the gateway. */
export class Connection implements FrameWriter, Claimant, MovableConnection, OutboxOwner {
  private currentState: ConnectionState = 'awaiting-hello';
  private readonly outbox: Outbox;
  /** A list that is replaced, so that it is no longer than it must be. */
  private closings: readonly (() => void)[] = [];
  private claimed: ClaimedSession | null = null;
  /** Where the session is given back to when the socket closes. */
  private store: SessionStore | null = null;
  /** The attempt that won the session, as soon as it is heard of. */
  private winner: number | null = null;
  attempt = 0;
  overlap = false;
  /** The client ends the session: a claim that is under way is not given back but ended. */
  saidBye = false;
  lastSeenMs: number;
  pingDueMs: number;
  /** It was asked, and hasn't answered. */
  owesPong = false;
  /** Made at the first frame after `hello` that isn't the answer to a ping. */
  limits: FrameLimits | null = null;

  constructor(
    readonly id: ConnectionId,
    private readonly ws: WebSocket,
    socket: Socket,
    private readonly context: ConnectionContext,
    /** From the upgrade's Authorization header; forgotten after `hello`. */
    public upgradeToken: string | null,
  ) {
    this.outbox = new Outbox(socket, context.flusher, context.config.outboundQueueBytes, this);
    this.lastSeenMs = context.clock.monotonic();
    this.pingDueMs = this.lastSeenMs + context.config.pingMs * (0.8 + 0.2 * Math.random());
  }

  get state(): ConnectionState {
    return this.currentState;
  }
  get alive(): boolean {
    return this.currentState !== 'closing' && this.currentState !== 'closed';
  }
  get session(): ClaimedSession | null {
    return this.claimed;
  }
  get tenant(): string {
    return this.claimed?.row.tenant ?? '';
  }
  get caughtUp(): boolean {
    return this.outbox.bytes === 0 && (this.claimed?.subscriptions.caughtUp ?? true);
  }

  /** True if the event was taken. */
  advance(event: ConnectionEvent): boolean {
    const from = this.currentState;
    const to = nextState(from, event);
    if (to === from) return false;
    this.currentState = to;
    this.context.logger.debug('connection.state', { connectionId: this.id, from, to });
    return true;
  }

  /** The claim has succeeded: from here on frames are about this session. */
  adopt(session: ClaimedSession, store: SessionStore): void {
    this.claimed = session;
    this.store = store;
    if (this.winner !== null) this.supersede(this.winner);
  }

  renew(row: SessionRow, identity: SessionIdentity): void {
    if (!this.claimed) return;
    this.claimed.publisher.renew(identity);
    this.claimed.subscriptions.renew(identity);
    this.claimed.presence.renew(identity);
    this.claimed = { ...this.claimed, row, identity };
  }

  onSessionEvent(event: SessionEvent): void {
    if (event.kind === 'ended') {
      this.close('sessionGone');
      return;
    }
    if (event.attempt <= this.attempt) return;
    this.supersede(event.attempt);
  }

  /**
   * A higher attempt owns the session. Publishes are no longer taken; deliveries go on for `lingerMs`, so that the
   * client has no moment without a connection that can deliver while the other pod's `welcome` and replay travel.
   */
  supersede(winner: number): void {
    this.winner = Math.max(this.winner ?? 0, winner);
    if (!this.claimed || !this.advance('superseded')) return;
    this.claimed.publisher.stop();
    const timer = this.context.clock.after(this.context.lingerMs, () => {
      this.close('moved', String(this.winner));
    });
    this.whenClosed(() => {
      timer.cancel();
    });
  }

  send(frame: ServerFrame): void {
    if (this.alive) this.outbox.pushText(encodeFrame(frame));
  }
  sendShared(frames: Buffer, count: number): boolean {
    if (!this.alive) return true;
    const taken = this.outbox.pushShared(frames);
    if (taken) this.context.metrics.messagesSent.inc(count);
    return taken;
  }
  whenDrained(run: () => void): void {
    this.outbox.whenDrained(run);
  }
  beforeWrite(run: () => void): void {
    this.outbox.beforeWrite(run);
  }
  pauseReading(): void {
    this.ws.pause();
  }
  resumeReading(): void {
    this.ws.resume();
  }

  /** The client doesn't even read control frames. */
  overflowed(): void {
    this.context.metrics.slowConsumers.inc();
    this.close('tooSlow');
    this.terminate();
  }

  /** Runs once when the socket has closed; at once if it has. */
  whenClosed(run: () => void): void {
    if (this.currentState === 'closed') run();
    else this.closings = [...this.closings, run];
  }

  migrate(request: MigrateRequest): void {
    if (this.currentState !== 'open') return;
    if (this.overlap) this.send({ type: 'migrate', ...request });
    else this.close(request.reason === 'drain' ? 'drained' : 'rebalanced');
  }
  closeDrained(): void {
    this.close('drained');
  }
  terminate(): void {
    this.ws.terminate();
  }

  /** Writes what is queued, then the close frame; the library ends the socket if the peer doesn't answer in time. */
  close(code: CloseName, reason = ''): void {
    if (!this.advance('close')) return;
    this.claimed?.publisher.stop();
    this.claimed?.subscriptions.close();
    this.claimed?.presence.close(code === 'done' || code === 'sessionGone');
    this.outbox.end();
    this.context.metrics.connectionsClosed.inc({ code: String(closeCodes[code].code), initiator: 'server' });
    this.ws.close(closeCodes[code].code, closeReason(reason));
  }

  /** A close frame is about to be sent, whoever decided so: what waits goes out before it, and nothing after it. */
  leaves(code: number): void {
    if (!this.advance('close')) return;
    this.claimed?.publisher.stop();
    this.claimed?.subscriptions.close();
    this.claimed?.presence.close(false);
    this.outbox.end();
    this.context.metrics.connectionsClosed.inc({ code: knownCode(code), initiator: 'client' });
  }

  /** The row says from now on that nobody holds the session, unless it has moved. */
  async giveBack(store: SessionStore): Promise<void> {
    if (!this.claimed) return;
    const { row } = this.claimed;
    await this.context.unanswered.say(() => store.detach(row, this.attempt, this.id));
  }

  busy(retryAfterMs: number, code: CloseName = 'overloaded'): void {
    this.send({ type: 'busy', retryAfterMs: Math.round(retryAfterMs) });
    this.close(code);
  }

  /** A ping of WebSocket itself. Who doesn't read the answers gets no more of them. */
  pinged(payload: Buffer): void {
    if (this.alive && this.outbox.bytes < MAX_PONG_BYTES) this.ws.pong(payload, false);
  }

  /** The library says that the socket has closed, whoever began it. */
  closed(code: number): void {
    if (this.currentState !== 'closing')
      this.context.metrics.connectionsClosed.inc({ code: knownCode(code), initiator: 'client' });
    this.advance('closed');
    this.claimed?.publisher.stop();
    this.claimed?.subscriptions.close();
    this.claimed?.presence.close(false);
    this.outbox.discard();
    const runs = this.closings;
    this.closings = [];
    for (const run of runs) run();
    // Whoever has won the session has the row.
    if (this.store && this.winner === null) void this.giveBack(this.store);
  }
}

/** At most 123 bytes fit into a close frame, and reasons may quote what a client sent: plain ASCII, cut. */
function closeReason(reason: string): string {
  return reason.replaceAll(/[^\x20-\x7e]/gu, '?').slice(0, 120);
}

const KNOWN = new Set(Object.values(closeCodes).map((row) => row.code));
/** Bounded label: a client may close with any code. */
function knownCode(code: number): string {
  return KNOWN.has(code) ? String(code) : 'other';
}
