import type { SessionsConfig } from '../config/config.js';
import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import type { Claim, SessionStore } from '../sessions/session-store.js';
import { applyClaim } from './claim-result.js';
import type { Connection } from './connection.js';

/** Claims in one write, so that a check of 10,000 rows never holds Redis or this pod up for long. */
const BATCH = 200;
/** After a doubt clients mark their streams within this time, at random, so that Redis isn't flooded. */
const PROBE_SPREAD_MS = 5_000;
const TICKS_PER_SWEEP = 60;

/**
 * Keeps the rows of this pod's sessions: a claim again once in a sweep refreshes their TTL, and after any doubt about
 * Redis all are claimed again, which finds out who else has taken a session meanwhile.
 */
export class SessionKeeper {
  private timer: Timer | null = null;
  private due = new WeakMap<Connection, number>();
  private checking = false;
  private again = false;

  constructor(
    private readonly store: SessionStore,
    private readonly connections: () => Iterable<Connection>,
    private readonly config: SessionsConfig,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.timer = this.clock.every(Math.max(20, this.config.sweepMs / TICKS_PER_SWEEP), () => {
      this.claimAgain(this.dueNow()).catch((error: unknown) => {
        this.logger.error('session.sweep-failed', { error });
      });
    });
  }
  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  /**
   * Every row, then `probe` to those whose session is still theirs: Redis may have lost acknowledged messages. A doubt
   * during a check starts another.
   */
  async checkAll(): Promise<void> {
    this.again = true;
    if (this.checking) return;
    this.checking = true;
    try {
      while (this.again) {
        this.again = false;
        for (const connection of await this.claimAgain([...this.connections()]))
          connection.send({ type: 'probe', withinMs: PROBE_SPREAD_MS });
      }
    } catch (error) {
      this.logger.error('session.check-failed', { error });
    } finally {
      this.checking = false;
    }
  }

  private dueNow(): Connection[] {
    const now = this.clock.monotonic();
    const found: Connection[] = [];
    for (const connection of this.connections()) {
      if (connection.state !== 'open') continue;
      const due = this.due.get(connection);
      if (due !== undefined && due <= now) found.push(connection);
      if (due === undefined || due <= now)
        this.due.set(connection, now + this.config.sweepMs * (0.5 + Math.random() / 2));
    }
    return found;
  }

  /** Resolves with the connections whose session is still theirs. Only those are claimed for that are open by then. */
  private async claimAgain(connections: readonly Connection[]): Promise<readonly Connection[]> {
    const kept: Connection[] = [];
    for (let start = 0; start < connections.length; start += BATCH) {
      const batch = connections.slice(start, start + BATCH).filter(({ state, session }) => state === 'open' && session);
      const results = await this.store.claimAll(batch.flatMap(claimOf));
      batch.forEach((connection, index) => {
        const result = results[index];
        if (result?.status !== 'fulfilled')
          this.logger.warn('session.claim-again-failed', { connectionId: connection.id, error: result?.reason });
        else if (applyClaim(connection, result.value, this.store)) kept.push(connection);
      });
    }
    await this.touch(kept);
    return kept;
  }

  private async touch(connections: readonly Connection[]): Promise<void> {
    for (const { id, session } of connections) {
      try {
        await session?.publisher.touch();
      } catch (error) {
        this.logger.warn('session.touch-failed', { connectionId: id, error });
      }
    }
  }
}

function claimOf({ id, session }: Connection): readonly Claim[] {
  if (!session) return [];
  const { tenant, session: key, attempt, pod } = session.row;
  return [{ tenant, session: key, attempt, connection: id, pod }];
}
