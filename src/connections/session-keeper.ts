import type { SessionsConfig } from '../config/config.js';
import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import type { ClaimResult, SessionStore } from '../sessions/session-store.js';
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
      void this.claimAgain(this.dueNow());
    });
  }
  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  /** Every row, then `probe`: Redis may have lost acknowledged messages. A doubt during a check starts another. */
  async checkAll(): Promise<void> {
    this.again = true;
    if (this.checking) return;
    this.checking = true;
    while (this.again) {
      this.again = false;
      const open = [...this.connections()].filter((connection) => connection.state === 'open');
      await this.claimAgain(open);
      for (const connection of open)
        if (connection.state === 'open') connection.send({ type: 'probe', withinMs: PROBE_SPREAD_MS });
    }
    this.checking = false;
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

  private async claimAgain(connections: readonly Connection[]): Promise<void> {
    for (let start = 0; start < connections.length; start += BATCH) {
      const batch = connections.slice(start, start + BATCH);
      const results = await this.store.claimAll(
        batch.flatMap(({ session, id }) => (session ? [claimOf(session, id)] : [])),
      );
      results.forEach((result, index) => {
        const connection = batch[index];
        if (!connection) return;
        if (result.status === 'fulfilled') this.apply(connection, result.value);
        else this.logger.warn('session.claim-again-failed', { connectionId: connection.id, error: result.reason });
      });
    }
  }

  private apply(connection: Connection, result: ClaimResult): void {
    switch (result.kind) {
      case 'claimed':
        return;
      case 'superseded':
        connection.supersede(result.attempt);
        return;
      case 'gone':
        connection.close('sessionGone');
        return;
      case 'expired':
        connection.close('badCredential', 'credential expired');
    }
  }
}

function claimOf(
  { row }: NonNullable<Connection['session']>,
  connection: Connection['id'],
): Parameters<SessionStore['claim']>[0] {
  const { tenant, session, attempt, pod } = row;
  return { tenant, session, attempt, connection, pod };
}
