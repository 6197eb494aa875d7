import type { ConnectionRegistry, MovableConnection } from '../connections/connection-registry.js';
import type { Fleet, PodRow } from '../fleet/fleet.js';
import type { Orchestrator } from '../fleet/orchestrator.js';
import type { PeerPicker } from '../fleet/peer-picker.js';
import { BatonError } from '../lib/baton-error.js';
import type { Clock } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import { nextToMove } from './move-order.js';
import { askPerSecond, PaceCredit, type PaceBucket } from './pace.js';

/**
 * A client that hasn't left this long after it was asked is asked again, perhaps with another receiver; a quarter of the
 * hand-over if that is shorter. Those that are still trying ignore it.
 */
const ASK_AGAIN_MS = 5_000;
/** The clients of one step spread over this time, which is that of a step: the pace comes from here, not from them. */
const WITHIN_MS = 100;

/** What a draining pod acts on. */
export interface DrainPorts {
  readonly fleet: Fleet;
  readonly peers: Pick<PeerPicker, 'receivers' | 'pick'>;
  readonly connections: ConnectionRegistry;
  readonly pace: PaceBucket;
  readonly orchestrator: Orchestrator;
}

export interface HandOverLimits {
  /** May change while it is under way. */
  readonly handOverMs: number;
  /** Hand-overs per second for each receiver, of all draining pods together. */
  readonly pacePerReceiver: number;
}

/** Asks this pod's clients to move, step by step, until none is left. */
export class HandOver {
  /** When each client was asked last, by the monotonic clock. */
  private readonly asked = new Map<MovableConnection['id'], number>();
  private readonly credit = new PaceCredit();
  private lastTenant: string | null = null;
  private beganMs: number | null = null;
  private lastStepMs = 0;
  private taking = false;
  private gone = 0;

  constructor(
    private readonly limits: HandOverLimits,
    private readonly ports: DrainPorts,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Clients that left after they were asked: nearly all of them to another pod. */
  get moved(): number {
    return this.gone;
  }

  /** Asks as many as the pace allows. `closingInMs` is what they are told of the deadline. Never rejects. */
  async step(closingInMs: number): Promise<void> {
    const now = this.clock.monotonic();
    this.beganMs ??= this.lastStepMs = now;
    this.countMoved();
    const waiting = this.waiting(now);
    const perSecond = askPerSecond(waiting.length, now - this.beganMs, this.limits.handOverMs);
    const wanted = Math.min(waiting.length, this.credit.earn(perSecond, now - this.lastStepMs));
    this.lastStepMs = now;
    if (wanted === 0 || this.taking) return;
    this.taking = true;
    try {
      this.askNext(waiting, await this.take(wanted), closingInMs);
    } catch (error) {
      // The drain goes on: the next step tries again, and what is left in the end is closed properly.
      this.logger.error('drain.step-failed', { error });
    } finally {
      this.taking = false;
    }
  }

  private askNext(waiting: readonly MovableConnection[], granted: number, closingInMs: number): void {
    const receivers = this.ports.peers.pick(granted, waiting.length);
    const turn = nextToMove(waiting, receivers.length, this.lastTenant);
    this.lastTenant = turn.lastTenant;
    this.credit.spend(turn.chosen.length);
    turn.chosen.forEach((connection, index) => {
      this.ask(connection, receivers[index], closingInMs);
    });
  }

  private ask(connection: MovableConnection, receiver: PodRow | undefined, closingInMs: number): void {
    this.asked.set(connection.id, this.clock.monotonic());
    const endpoints = endpointsOf(receiver);
    connection.migrate({ reason: 'drain', withinMs: WITHIN_MS, deadlineMs: Math.round(closingInMs), endpoints });
  }

  /** Counts those who have left since the last step. */
  countMoved(): void {
    const here = new Set<MovableConnection['id']>();
    for (const { id } of this.ports.connections.welcomed()) here.add(id);
    for (const id of this.asked.keys()) {
      if (here.has(id)) continue;
      this.asked.delete(id);
      this.gone += 1;
    }
  }

  /** Who hasn't been asked, or long ago. */
  private waiting(now: number): readonly MovableConnection[] {
    const dueSince = now - Math.min(ASK_AGAIN_MS, this.limits.handOverMs / 4);
    const all = [...this.ports.connections.welcomed()];
    return all.filter(({ id }) => (this.asked.get(id) ?? -Infinity) <= dueSince);
  }

  private async take(wanted: number): Promise<number> {
    const perSecond = this.limits.pacePerReceiver * this.ports.peers.receivers().length;
    if (perSecond === 0) return 0;
    try {
      return await this.ports.pace.take(wanted, perSecond);
    } catch (error) {
      if (!(error instanceof BatonError)) throw error;
      this.logger.warn('drain.pace-unknown', { error });
      return 0;
    }
  }
}

/** Where a client finds the receiver; nowhere in particular if that pod has no URL of its own: the Service picks. */
export function endpointsOf(receiver: PodRow | undefined): readonly string[] {
  return receiver?.url == null ? [] : [receiver.url];
}
