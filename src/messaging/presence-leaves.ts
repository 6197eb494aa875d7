import { BatonError } from '../lib/baton-error.js';
import type { Clock } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import type { ConnectionId, SessionId } from '../protocol/ids.js';
import type { PresenceKeys } from '../redis/keys.js';
import type { PresenceStore } from './presence-store.js';

/** Who lost its connection is still there for so long: it comes back, here or on another pod, and nobody notices. */
const LATE_MS = 10_000;
/** Leaves in one write: a pod that loses 20,000 connections at once holds up neither Redis nor itself. */
const BATCH = 200;
/** Redis is asked again so long after it has answered none of a batch. */
const AGAIN_MS = 2_000;
/** Connections times some channels. Beyond it a place is left to the sweeps that don't come. */
const MOST = 100_000;

interface Leave {
  readonly keys: PresenceKeys;
  readonly session: SessionId;
  readonly connection: ConnectionId;
  readonly dueMs: number;
}

export interface LeavesPorts {
  readonly store: PresenceStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Leaves that Redis has yet to answer: each is said until it is, since its pod lives and vouches for who isn't there. */
export class PresenceLeaves {
  private readonly wanted = new Map<string, Leave>();
  /** In the order in which they are due. */
  private later: Leave[] = [];
  private readonly due: Leave[] = [];
  /** Behind those that haven't been said yet: a node of a cluster that is away holds up no other. */
  private readonly unanswered: Leave[] = [];
  private notBeforeMs = 0;
  private sending = false;
  private given = 0;

  constructor(private readonly ports: LeavesPorts) {}

  /** `late`: only some seconds from now, if it hasn't come back by then. */
  say(keys: PresenceKeys, session: SessionId, connection: ConnectionId, late: boolean): void {
    if (this.wanted.size >= MOST) {
      this.given += 1;
      return;
    }
    const leave: Leave = { keys, session, connection, dueMs: this.ports.clock.monotonic() + LATE_MS };
    this.wanted.set(nameOf(leave), leave);
    if (late) this.later.push(leave);
    else {
      this.due.push(leave);
      this.send();
    }
  }

  /** It has entered again: a leave from before, said once more, would take its place away. */
  unsay(keys: PresenceKeys, session: SessionId, connection: ConnectionId): void {
    const leave = this.wanted.get(nameOf({ keys, session, connection }));
    if (leave) this.settle(leave);
  }

  tick(): void {
    const now = this.ports.clock.monotonic();
    let count = 0;
    for (const leave of this.later) {
      if (leave.dueMs > now) break;
      this.due.push(leave);
      count += 1;
    }
    if (count > 0) this.later = this.later.slice(count);
    if (this.given > 0) this.ports.logger.warn('presence.leaves-given-up', { count: this.given });
    this.given = 0;
    this.send();
  }

  private send(): void {
    if (this.sending) return;
    this.sending = true;
    this.sendAll().then(
      () => {
        this.sending = false;
      },
      (error: unknown) => {
        this.sending = false;
        this.ports.logger.error('presence.leaves-failed', { error });
      },
    );
  }

  private async sendAll(): Promise<void> {
    // Those of one turn go together.
    await Promise.resolve();
    while (this.ports.clock.monotonic() >= this.notBeforeMs) {
      const batch = (this.due.length > 0 ? this.due : this.unanswered).splice(0, BATCH);
      if (batch.length === 0) return;
      const failures = (await Promise.all(batch.map((leave) => this.leaveNow(leave)))).filter(isFailure);
      if (failures.length < batch.length) continue;
      this.notBeforeMs = this.ports.clock.monotonic() + AGAIN_MS;
      this.ports.logger.warn('presence.leave-failed', { error: failures[0] });
    }
  }

  /** Undefined: answered, one way or another. */
  private async leaveNow(leave: Leave): Promise<BatonError | undefined> {
    if (!this.isWanted(leave)) return undefined;
    try {
      await this.ports.store.leave(leave.keys, leave.session, leave.connection);
    } catch (error) {
      if (error instanceof BatonError && error.code === 'unavailable') {
        if (this.isWanted(leave)) this.unanswered.push(leave);
        return error;
      }
      this.ports.logger.warn('presence.leave-failed', { error });
    }
    this.settle(leave);
    return undefined;
  }

  private isWanted(leave: Leave): boolean {
    return this.wanted.get(nameOf(leave)) === leave;
  }

  private settle(leave: Leave): void {
    if (this.isWanted(leave)) this.wanted.delete(nameOf(leave));
  }
}

function isFailure(failure: BatonError | undefined): failure is BatonError {
  return failure !== undefined;
}

function nameOf({ keys, session, connection }: Pick<Leave, 'keys' | 'session' | 'connection'>): string {
  return `${keys.here} ${session} ${connection}`;
}
