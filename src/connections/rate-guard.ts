import { errorCodes } from '../protocol/error-codes.js';
import type { StreamName } from '../protocol/stream-name.js';
import type { Connection } from './connection.js';
import type { ConnectionContext } from './connection-context.js';
import { aboutFrame, canBeRefused, FrameLimits, type MeteredFrame } from './frame-limits.js';
import type { RateVerdict } from './rate.js';

/** For those who went on although they were told to wait. */
const COME_BACK_AFTER_MS = 5_000;

/** Holds connections to their rates: a frame that is over one is refused, and who goes on is closed 4429 after `busy`. */
export class RateGuard {
  constructor(private readonly context: Pick<ConnectionContext, 'limits' | 'metrics'>) {}

  /** False: it isn't taken, and has been answered. */
  take(connection: Connection, frame: MeteredFrame, bytes: number): boolean {
    if (frame.type === 'pong' && connection.owesPong) {
      // Nothing is kept of those who only answer.
      connection.owesPong = false;
      return true;
    }
    const { session, lastSeenMs } = connection;
    // A publish that was answered `gap` has named its stream, too, and paid for none.
    const known = (stream: StreamName): boolean =>
      session !== null &&
      (session.subscriptions.has(stream) || (frame.type === 'subscribe' && session.publisher.has(stream)));
    const verdict = this.limitsOf(connection, lastSeenMs).take(frame, bytes, known, lastSeenMs);
    if (verdict.kind === 'take') return true;
    this.context.metrics.rateLimited.inc();
    if (this.ends(connection, verdict)) return false;
    if (!canBeRefused(frame)) return true;
    const { code, meaning: message } = errorCodes['rate-limited'];
    connection.send({ type: 'error', code, message, ...aboutFrame(frame), retryAfterMs: verdict.retryAfterMs });
    return false;
  }

  /** For ping and pong of WebSocket itself, which nothing can refuse: those over the rate are ignored. */
  takeControl(connection: Connection, bytes: number, nowMs: number): boolean {
    if (!connection.alive) return false;
    const verdict = this.limitsOf(connection, nowMs).traffic(bytes, nowMs);
    if (verdict.kind === 'take') return true;
    this.context.metrics.rateLimited.inc();
    this.ends(connection, verdict);
    return false;
  }

  private limitsOf(connection: Connection, nowMs: number): FrameLimits {
    connection.limits ??= new FrameLimits(this.context.limits, nowMs);
    return connection.limits;
  }

  private ends(connection: Connection, verdict: RateVerdict): verdict is Extract<RateVerdict, { kind: 'ignored' }> {
    if (verdict.kind === 'ignored') connection.busy(COME_BACK_AFTER_MS, 'rateLimited');
    return verdict.kind === 'ignored';
  }
}
