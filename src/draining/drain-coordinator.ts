import type { DrainConfig } from '../config/config.js';
import { drainReason, type DrainReason } from '../fleet/drain-reason.js';
import type { Clock, Timer } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import type { Logger } from '../observability/logger.js';
import { fittedTo, untilClosingMs } from './drain-budget.js';
import { transition, type DrainEvent, type DrainPhase } from './drain-phase.js';
import { HandOver, type DrainPorts } from './hand-over.js';
import { holdDecision } from './hold-decision.js';

const TICK_MS = 100;
/** A process that didn't run for this long couldn't hand anybody over. */
const PAUSE_MS = 1_000;
/** Others see the pod draining at their next beat anyway; the drain doesn't wait longer for Redis to be told. */
const ANNOUNCE_WITHIN_MS = 1_000;
/**
 * Proxies may send newcomers for some seconds after SIGTERM. While there is somebody to send them on to, a pod without
 * clients stays this long: a refused TCP connection is a failed attempt, a `migrate` isn't.
 */
const LATE_ENDPOINT_MS = 3_000;
/** Where it is known that newcomers are still led here it stays longer, but not for an endpoint that is never taken away. */
const LED_HERE_AT_MOST_MS = 15_000;
/** The part of closeMs in which what is left is closed, at random times; the rest is for the closing handshakes. */
const CLOSE_WITHIN = 0.6;

export interface DrainStatus {
  readonly phase: DrainPhase;
  /** Sockets that are still open. */
  readonly remaining: number;
  /** Null until the fleet could be read after SIGTERM. */
  readonly reason: DrainReason | null;
  /** Clients that left after they were asked to. */
  readonly moved: number;
  /** Clients that had to be closed with 1012. */
  readonly forced: number;
  /** ms until what is left is closed; null while serving. */
  readonly deadlineInMs: number | null;
}

/** Takes this pod from SIGTERM to nobody left, always within hold + hand-over + close. */
export class DrainCoordinator {
  /** Resolves when the drain begins; never rejects. */
  readonly begun: Promise<void>;
  private resolveBegun: () => void = () => undefined;
  /** Resolves when no connection is left; never rejects. */
  readonly finished: Promise<void>;
  private resolveFinished: () => void = () => undefined;
  private readonly handOver: HandOver;
  private current: DrainPhase = 'serving';
  private reason: DrainReason | null = null;
  private ticks: Timer | null = null;
  private impatient = false;
  private forced = 0;
  /** Monotonic. */
  private beganMs = 0;
  /** Redis time. */
  private beganAtMs = 0;
  /** ms after SIGTERM. */
  private releasedMs: number | null = null;
  /** Of the hand-over, in which nobody could move. */
  private waitedMs = 0;
  private lastTickMs = 0;
  private closingMs = 0;
  /** ms after SIGTERM at which newcomers were last known to be led here. */
  private ledHereMs = 0;

  constructor(
    private readonly config: DrainConfig,
    private readonly ports: DrainPorts,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly random: () => number = Math.random,
  ) {
    const times = (): DrainConfig => this.times;
    const limits = {
      pacePerReceiver: config.pacePerReceiver,
      get handOverMs() {
        return times().handOverMs;
      },
    };
    this.handOver = new HandOver(limits, ports, clock, logger);
    this.begun = new Promise((resolve) => {
      this.resolveBegun = resolve;
    });
    this.finished = new Promise((resolve) => {
      this.resolveFinished = resolve;
    });
  }

  get phase(): DrainPhase {
    return this.current;
  }
  get isDraining(): boolean {
    return this.current !== 'serving';
  }
  /** ms until what is left is closed: 0 from then on, Infinity while serving. */
  get untilClosingMs(): number {
    if (this.current === 'serving') return Infinity;
    if (this.current === 'closing' || this.current === 'finished') return 0;
    return untilClosingMs(this.times, {
      elapsedMs: this.elapsedMs,
      releasedMs: this.releasedMs,
      waitedMs: this.waitedMs,
      possible: this.canHandOver,
    });
  }

  status(): DrainStatus {
    return {
      phase: this.current,
      remaining: this.ports.connections.size,
      reason: this.reason,
      moved: this.handOver.moved,
      forced: this.forced,
      deadlineInMs: this.isDraining ? Math.round(this.untilClosingMs) : null,
    };
  }

  /** The first SIGTERM or SIGINT. */
  begin(signal: string): void {
    if (this.current !== 'serving') return;
    const { fleet, connections } = this.ports;
    this.beganMs = this.clock.monotonic();
    this.beganAtMs = fleet.timeMs();
    this.logger.info('drain.began', { signal, connections: connections.size });
    this.dispatch('begin');
    this.resolveBegun();
    this.ports.orchestrator.tell({ kind: 'began', connections: connections.size });
    this.ticks = this.clock.every(TICK_MS, () => {
      this.tick();
    });
    const announced = () => {
      this.dispatch('announced');
    };
    withDeadline(this.clock, 'announcing the drain', ANNOUNCE_WITHIN_MS, fleet.announce('draining')).then(
      announced,
      announced,
    );
  }

  /** The second signal: ends the hold, and doesn't wait for a receiver that isn't there. */
  hurry(signal: string): void {
    if (this.current === 'serving') return;
    this.logger.info('drain.hurried', { signal, phase: this.current });
    this.impatient = true;
    this.dispatch('release');
  }

  /** For an application that is closed without a signal: closes what is open, now. Resolves when nobody is left. */
  shutdown(): Promise<void> {
    if (this.current === 'serving') {
      this.impatient = true;
      this.begin('shutdown');
      this.dispatch('deadline');
    }
    return this.finished;
  }

  private get times(): DrainConfig {
    return fittedTo(this.config, this.ports.orchestrator.graceMs);
  }
  private get elapsedMs(): number {
    return this.clock.monotonic() - this.beganMs;
  }
  private get canHandOver(): boolean {
    return !this.ports.fleet.stale && this.ports.peers.receivers().length > 0;
  }

  private dispatch(event: DrainEvent): void {
    const from = this.current;
    const to = transition(from, event);
    if (to === from) return;
    this.current = to;
    this.logger.info('drain.phase', { from, to, on: event, afterMs: Math.round(this.elapsedMs) });
    if (to === 'handing-over') this.releasedMs = this.elapsedMs;
    if (to === 'closing') this.beginClosing();
    if (to === 'finished') this.finish();
  }

  private tick(): void {
    const sinceLastMs = this.elapsedMs - this.lastTickMs;
    this.lastTickMs = this.elapsedMs;
    if (this.ports.orchestrator.routesTo(this.ports.fleet.self.name) === true) this.ledHereMs = this.elapsedMs;
    const couldMove = this.canHandOver && sinceLastMs < PAUSE_MS;
    if (this.current === 'handing-over' && !couldMove) this.waitedMs += sinceLastMs;
    if (this.current === 'closing') {
      this.close();
      return;
    }
    if (this.isEmpty()) this.dispatch('empty');
    else if (this.untilClosingMs === 0 || (this.impatient && !this.canHandOver)) this.dispatch('deadline');
    else if (this.current === 'holding') this.hold();
    else if (this.current === 'handing-over' && !this.ports.fleet.stale) void this.handOver.step(this.untilClosingMs);
  }

  private isEmpty(): boolean {
    const { fleet, connections } = this.ports;
    if (connections.size > connections.unclaimed) return false;
    const somebodyElse = fleet.peers().some((row) => row.state !== 'draining');
    const sinceMs = this.elapsedMs - Math.min(this.ledHereMs, LED_HERE_AT_MOST_MS - LATE_ENDPOINT_MS);
    return this.impatient || !somebodyElse || sinceMs >= LATE_ENDPOINT_MS;
  }

  private hold(): void {
    const { fleet, peers } = this.ports;
    const self = fleet.self;
    const nowMs = fleet.timeMs();
    // From what was read since SIGTERM, and again: the pod that this one makes room for may only be starting.
    if (!fleet.stale && this.reason !== 'rollout')
      this.reason = drainReason(self, fleet.peers(), nowMs, this.config.holdStallMs);
    const decision = holdDecision(
      {
        reason: this.reason ?? 'scale-in',
        self,
        peers: fleet.peers(),
        receivers: peers.receivers(),
        redisAway: fleet.stale,
        nowMs,
        beganAtMs: this.beganAtMs,
        wanted: this.ports.orchestrator.wanted,
        elapsedMs: this.elapsedMs,
      },
      this.times,
    );
    if (decision.hold) return;
    this.logger.info('drain.released', { why: decision.why, reason: this.reason });
    this.dispatch('release');
  }

  private beginClosing(): void {
    const { connections, orchestrator } = this.ports;
    this.closingMs = this.elapsedMs;
    this.handOver.countMoved();
    connections.closeUnclaimed();
    const withinMs = this.impatient ? 0 : this.times.closeMs * CLOSE_WITHIN;
    const left = [...connections.welcomed()];
    if (left.length > 0) orchestrator.tell({ kind: 'forced', connections: left.length });
    for (const connection of left) {
      this.forced += 1;
      this.clock.after(this.random() * withinMs, () => {
        connection.closeDrained();
      });
    }
  }

  private close(): void {
    const { connections } = this.ports;
    if (connections.size > 0 && this.elapsedMs - this.closingMs < this.times.closeMs) return;
    for (const connection of [...connections.welcomed()]) connection.terminate();
    this.dispatch('closed');
  }

  private finish(): void {
    this.ticks?.cancel();
    const { moved, forced, reason } = this.status();
    const tookMs = Math.round(this.elapsedMs);
    this.logger.info('drain.finished', { reason, moved, forced, tookMs });
    this.ports.orchestrator.tell({ kind: 'finished', moved, forced, tookMs });
    this.resolveFinished();
  }
}
