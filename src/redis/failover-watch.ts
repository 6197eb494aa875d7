import type { Redis } from 'ioredis';
import type { HostPort } from '../config/redis-config.js';
import { backoffMs } from '../lib/backoff.js';
import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import { closeClient } from './redis-client.js';
import type { Sentinels } from './sentinels.js';

const SWITCHED = '+switch-master';
const BACKOFF = { baseMs: 100, maxMs: 5_000 } as const;
/** A sentinel that became unreachable without a word says nothing: now and then they are all asked. */
const POLL_MS = 5_000;

/**
 * Hears from every sentinel at once when the master has changed. A master that was only paused goes on as if nothing had
 * happened until the sentinels get hold of it, and takes writes that will be thrown away: by then nobody may talk to it.
 */
export class FailoverWatch {
  private readonly clients = new Map<HostPort, Redis>();
  private readonly timers = new Map<HostPort, Timer>();
  private poll: Timer | null = null;
  private closed = false;

  /** `onMaster`: somebody says that the master is there now; called more often than it changes. */
  constructor(
    private readonly sentinels: Sentinels,
    private readonly places: readonly HostPort[],
    private readonly onMaster: (place: HostPort) => void,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  start(): void {
    for (const place of this.places) void this.listen(place, 0);
    this.poll = this.clock.every(POLL_MS, () => this.look());
  }

  close(): void {
    this.closed = true;
    this.poll?.cancel();
    for (const timer of this.timers.values()) timer.cancel();
    for (const client of this.clients.values()) closeClient(client);
    this.clients.clear();
  }

  private async listen(place: HostPort, failures: number): Promise<void> {
    let client: Redis | null = null;
    let hears = false;
    // A connection that is closed while it subscribes says so twice: two rows of tries would go on for ever.
    let ended = false;
    const again = () => {
      if (!ended) this.listenAgain(place, hears ? 0 : failures + 1);
      ended = true;
    };
    try {
      client = await this.sentinels.open(place, 'failover');
      if (this.closed) {
        closeClient(client);
        return;
      }
      this.clients.set(place, client);
      client.once('end', again);
      client.on('message', () => this.look());
      await client.subscribe(SWITCHED);
      hears = true;
      // It may have changed before this was heard.
      this.look();
    } catch (error) {
      this.logger.debug('redis.sentinel-unreachable', { ...place, error });
      if (client) closeClient(client);
      again();
    }
  }

  private listenAgain(place: HostPort, failures: number): void {
    this.clients.delete(place);
    if (this.closed) return;
    const delayMs = backoffMs(failures, BACKOFF.baseMs, BACKOFF.maxMs);
    this.timers.set(
      place,
      this.clock.after(delayMs, () => void this.listen(place, failures)),
    );
  }

  /** A message may be of another master, or old: they are asked, and the best informed is believed. */
  private look(): void {
    this.sentinels.master().then(
      (place) => {
        if (!this.closed) this.onMaster(place);
      },
      // Whoever is connected stays so: that the sentinels are away says nothing about Redis.
      (error: unknown) => this.logger.debug('redis.sentinels-unreachable', { error }),
    );
  }
}
