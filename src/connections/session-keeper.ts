import type { SessionsConfig } from '../config/config.js';
import { backoffMs } from '../lib/backoff.js';
import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import type { Claim, ClaimResult, SessionStore } from '../sessions/session-store.js';
import { applyClaim } from './claim-result.js';
import type { ClaimedSession, Connection } from './connection.js';
import type { UnansweredWrites } from './unanswered-writes.js';

/** Claims in one write, so that a check of 10,000 rows never holds Redis or this pod up for long. */
const BATCH = 200;
/** After a doubt clients mark their streams within this time, at random, so that Redis isn't flooded. */
const PROBE_SPREAD_MS = 5_000;
const TICKS_PER_SWEEP = 60;
/** A process that didn't run for this long can't know who has taken its sessions meanwhile. */
const PAUSE_MS = 5_000;
const RETRY = { baseMs: 100, maxMs: 2_000 } as const;

export interface KeeperPorts {
  readonly store: SessionStore;
  readonly unanswered: UnansweredWrites;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface ClaimedAgain {
  /** Their session is still theirs. */
  readonly kept: readonly Connection[];
  /** Those of them whose row has another credential than the client was last told of. */
  readonly differing: readonly Connection[];
  /** Redis gave no answer. */
  readonly unknown: readonly Connection[];
}

/**
 * Keeps the rows of this pod's sessions: a claim again once in a sweep refreshes their TTL, and after any doubt about
 * Redis, and after a pause of this process, those concerned are claimed again, which finds out who else has taken a
 * session meanwhile. A row that Redis has lost is not made again: its client is told that the session has gone.
 */
export class SessionKeeper {
  private timer: Timer | null = null;
  private retry: Timer | null = null;
  private due = new WeakMap<Connection, number>();
  private readonly doubted = new Set<Connection>();
  private checking = false;
  private failures = 0;
  private lastTickMs = 0;

  constructor(
    private readonly ports: KeeperPorts,
    private readonly connections: () => Iterable<Connection>,
    private readonly config: SessionsConfig,
  ) {}

  start(): void {
    const tickMs = Math.max(20, this.config.sweepMs / TICKS_PER_SWEEP);
    this.lastTickMs = this.ports.clock.monotonic();
    this.timer = this.ports.clock.every(tickMs, () => {
      this.tick(tickMs).catch((error: unknown) => {
        this.ports.logger.error('session.sweep-failed', { error });
      });
    });
  }
  stop(): void {
    this.timer?.cancel();
    this.retry?.cancel();
    this.timer = null;
    this.doubted.clear();
  }

  /**
   * Every row that is concerned, again and again until Redis has answered for it, then `probe` to those whose session is
   * still theirs: Redis may have lost acknowledged messages. A doubt during a check starts another.
   */
  async check(concerns: (session: ClaimedSession) => boolean): Promise<void> {
    for (const connection of this.connections())
      if (connection.session && concerns(connection.session)) this.doubted.add(connection);
    this.retry?.cancel();
    this.retry = null;
    await Promise.all([this.checkDoubted(), this.ports.unanswered.repeat()]);
  }

  private async tick(tickMs: number): Promise<void> {
    const now = this.ports.clock.monotonic();
    const paused = now - this.lastTickMs > tickMs + PAUSE_MS;
    this.lastTickMs = now;
    if (paused) {
      this.ports.logger.warn('session.check-after-pause', {});
      await this.check(() => true);
      return;
    }
    await this.ports.unanswered.repeat();
    const { kept, differing, unknown } = await this.claimAgain(this.dueNow(), sweepOf);
    for (const connection of differing) this.doubted.add(connection);
    await this.checkDoubted();
    // Soon again: a row lives for two sweeps more than a client may be away.
    for (const connection of unknown) this.due.set(connection, this.ports.clock.monotonic() + this.config.sweepMs / 10);
    await this.touch(kept);
  }

  private async checkDoubted(): Promise<void> {
    if (this.checking) return;
    this.checking = true;
    try {
      while (this.doubted.size > 0 && this.retry === null) {
        const doubted = [...this.doubted];
        this.doubted.clear();
        const { kept, differing, unknown } = await this.claimAgain(doubted, claimOf);
        for (const connection of kept) connection.send({ type: 'probe', withinMs: PROBE_SPREAD_MS });
        // This claim and a renewal have crossed: the next tick looks again.
        for (const connection of differing) this.due.set(connection, 0);
        this.checkLater(unknown);
      }
    } catch (error) {
      this.ports.logger.error('session.check-failed', { error });
    } finally {
      this.checking = false;
    }
  }

  private checkLater(unknown: readonly Connection[]): void {
    this.failures = unknown.length === 0 ? 0 : this.failures + 1;
    if (unknown.length === 0 || this.timer === null) return;
    for (const connection of unknown) this.doubted.add(connection);
    this.retry = this.ports.clock.after(backoffMs(this.failures, RETRY.baseMs, RETRY.maxMs), () => {
      this.retry = null;
      void this.checkDoubted();
    });
  }

  private dueNow(): Connection[] {
    const now = this.ports.clock.monotonic();
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

  /** Only those are claimed for that are open by then. */
  private async claimAgain(
    connections: readonly Connection[],
    toClaim: (connection: Connection) => readonly Claim[],
  ): Promise<ClaimedAgain> {
    const kept: Connection[] = [];
    const differing: Connection[] = [];
    let unknown: Connection[] = [];
    let failure: unknown = null;
    for (let start = 0; start < connections.length; start += BATCH) {
      const batch = connections.slice(start, start + BATCH).filter(({ state, session }) => state === 'open' && session);
      const results = await this.ports.store.claimAll(batch.flatMap(toClaim));
      let answered = 0;
      batch.forEach((connection, index) => {
        const result = results[index];
        if (result?.status === 'fulfilled') {
          answered += 1;
          if (!applyClaim(connection, result.value, this.ports.store)) return;
          kept.push(connection);
          if (differs(connection, result.value)) differing.push(connection);
          return;
        }
        failure = result?.reason;
        unknown.push(connection);
      });
      if (batch.length === 0 || answered > 0) continue;
      // Redis is away again and would only say so to the rest, which are the first next time: perhaps one node is away.
      unknown = [...connections.slice(start + BATCH), ...unknown];
      break;
    }
    if (failure !== null)
      this.ports.logger.warn('session.claim-again-failed', { error: failure, sessions: unknown.length });
    return { kept, differing, unknown };
  }

  private async touch(connections: readonly Connection[]): Promise<void> {
    for (const { id, session } of connections) {
      try {
        session?.presence.touch();
        await session?.publisher.touch();
      } catch (error) {
        this.ports.logger.warn('session.touch-failed', { connectionId: id, error });
      }
    }
  }
}

/** A failover may have lost a renewal, or a claim with what was known before it may have come after it. */
function differs({ session }: Connection, result: ClaimResult): boolean {
  if (!session || result.kind !== 'claimed') return false;
  const { grants, credentialExpiresAtMs } = session.row;
  if (credentialExpiresAtMs !== result.row.credentialExpiresAtMs) return true;
  return JSON.stringify(grants) !== JSON.stringify(result.row.grants);
}

/** With what the client was last told of its credential: a failover may have lost a renewal, or a grant taken away. */
function claimOf({ id, session }: Connection): readonly Claim[] {
  if (!session) return [];
  const { tenant, session: key, attempt, pod, user, grants, credentialExpiresAtMs } = session.row;
  return [{ tenant, session: key, attempt, connection: id, pod, renew: { user, grants, credentialExpiresAtMs } }];
}

/** With the user, so that its hints are refreshed, too. */
function sweepOf({ id, session }: Connection): readonly Claim[] {
  if (!session) return [];
  const { tenant, session: key, attempt, pod, user } = session.row;
  return [{ tenant, session: key, attempt, connection: id, pod, user }];
}
