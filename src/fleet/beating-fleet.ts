import { backoffMs } from '../lib/backoff.js';
import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import type { PodId } from '../protocol/ids.js';
import { RedisClock } from '../redis/redis-clock.js';
import type { FleetTable, FleetView } from './fleet-table.js';
import type { Fleet, PodRow, PodState } from './fleet.js';
import { podStart } from './pod-start.js';

/** What stays the same for the life of a process. */
type PodIdentity = Pick<
  PodRow,
  'pod' | 'name' | 'workload' | 'revision' | 'capacity' | 'url' | 'probeUrl' | 'protocols'
>;

export interface FleetOptions {
  readonly identity: PodIdentity;
  readonly beatMs: number;
}

const FIRST_RETRY_MS = 250;

/** This pod's place in the fleet: says every beat how it is, and keeps what the others said. */
export class BeatingFleet implements Fleet {
  private state: PodState = 'starting';
  private startedAtMs: number | null = null;
  private readySinceMs: number | null = null;
  private readonly redisClock: RedisClock;
  private others: readonly PodRow[] = [];
  /** Beats in a row that didn't come through. */
  private failures = 0;
  private everSeen = false;
  private connections: () => number = () => 0;
  private timer: Timer | null = null;
  private left = false;
  /** One beat at a time, in the order in which they were asked for: the last row written is the newest. */
  private beats: Promise<void> = Promise.resolve();

  constructor(
    private readonly table: FleetTable,
    private readonly options: FleetOptions,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly random: () => number = Math.random,
  ) {
    this.redisClock = new RedisClock(clock);
  }

  /** The first beat, then one after another until `leave`. Resolves also if Redis is away. */
  async start(): Promise<void> {
    await this.beat();
    this.scheduleNext();
  }

  get self(): PodRow {
    const now = this.timeMs();
    return {
      ...this.options.identity,
      startedAtMs: this.startedAtMs ?? now,
      readySinceMs: this.readySinceMs,
      state: this.state,
      connections: this.connections(),
      beatAtMs: now,
    };
  }
  get stale(): boolean {
    return !this.everSeen || this.failures > 0;
  }
  peers(): readonly PodRow[] {
    return this.others;
  }
  timeMs(): number {
    return this.redisClock.timeMs();
  }
  countConnections(count: () => number): void {
    this.connections = count;
  }
  async find(pod: PodId): Promise<PodRow | null> {
    if (pod === this.options.identity.pod) return this.left ? null : this.self;
    return this.table.find(pod);
  }

  announce(state: PodState): Promise<void> {
    this.state = state;
    if (state !== 'serving') this.readySinceMs = null;
    return this.beat();
  }

  async leave(): Promise<void> {
    if (this.left) return;
    this.left = true;
    this.timer?.cancel();
    await this.beats;
    try {
      await this.table.leave(this.options.identity.pod);
    } catch (error) {
      this.logger.warn('fleet.leave-failed', { error });
    }
  }

  private beat(): Promise<void> {
    this.beats = this.beats.then(() => this.beatOnce());
    return this.beats;
  }

  private async beatOnce(): Promise<void> {
    if (this.left) return;
    const { name, workload } = this.options.identity;
    try {
      if (this.startedAtMs === null) {
        // Redis' time is known only from a reply, and a row with a wrong start would make a wrong revision the newest.
        const before = this.keep(await this.table.beat(null));
        this.startedAtMs = podStart(before.rows, name, workload, before.timeMs);
      }
      if (this.state === 'serving') this.readySinceMs ??= this.timeMs();
      this.keep(await this.table.beat(this.self));
      this.failures = 0;
    } catch (error) {
      if (this.failures === 0) this.logger.warn('fleet.beat-failed', { error });
      this.failures += 1;
    }
  }

  private keep(view: FleetView): FleetView {
    const { pod, workload } = this.options.identity;
    this.redisClock.observe(view.timeMs);
    this.everSeen = true;
    this.others = view.rows.filter((row) => row.pod !== pod && row.workload === workload);
    return view;
  }

  private scheduleNext(): void {
    if (this.left) return;
    const { beatMs } = this.options;
    const delayMs =
      this.failures > 0
        ? FIRST_RETRY_MS + backoffMs(this.failures, FIRST_RETRY_MS, beatMs, this.random)
        : beatMs * (0.9 + 0.2 * this.random());
    this.timer = this.clock.after(delayMs, () => {
      void this.beat().then(() => {
        this.scheduleNext();
      });
    });
  }
}
