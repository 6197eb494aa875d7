/** Redis must have failed for this long before a pod gives up its place among the endpoints. */
const UNREADY_AFTER_MS = 10_000;
/** ... and must have been well for this long before it takes it again. */
const READY_AFTER_MS = 1_000;

export interface RedisReadiness {
  readonly ready: boolean;
  readonly healthy: boolean;
  /** ms since Redis changed from well to failing or back, as far as anybody looked. */
  readonly sinceMs: number;
}

/**
 * Whether Redis lets this pod be an endpoint. With hysteresis, so that a failover doesn't take every pod out of rotation
 * and back; and only as long as somebody else is better off: if every pod lost Redis, no endpoints at all help nobody,
 * and some proxies cut the connections of an endpoint that is taken away.
 */
export class RedisHysteresis {
  private healthy = true;
  private ready = true;
  private changedAtMs: number;

  /** `othersAreWell`: asked once Redis has failed for long, at each look. */
  constructor(
    private readonly monotonic: () => number,
    private readonly othersAreWell: () => Promise<boolean>,
  ) {
    this.changedAtMs = monotonic();
  }

  async look(redisHealthy: boolean): Promise<RedisReadiness> {
    const now = this.monotonic();
    if (redisHealthy !== this.healthy) {
      this.healthy = redisHealthy;
      this.changedAtMs = now;
    }
    const sinceMs = Math.round(now - this.changedAtMs);
    if (this.healthy && sinceMs >= READY_AFTER_MS) this.ready = true;
    if (!this.healthy && sinceMs >= UNREADY_AFTER_MS) this.ready = !(await this.othersAreWell());
    return { ready: this.ready, healthy: this.healthy, sinceMs };
  }
}
