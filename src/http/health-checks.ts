import { ServiceUnavailableException } from '@nestjs/common';
import type {
  HealthCheckResult,
  HealthCheckService,
  HealthIndicatorFunction,
  HealthIndicatorService,
} from '@nestjs/terminus';
import type { DrainCoordinator } from '../draining/drain-coordinator.js';
import type { RedisHysteresis } from './redis-readiness.js';
import type { StartupProgress } from './startup-progress.js';

export interface HealthSources {
  readonly startup: StartupProgress;
  readonly redis: { readonly healthy: boolean };
  readonly hysteresis: RedisHysteresis;
  readonly drain: Pick<DrainCoordinator, 'status' | 'isDraining'>;
}

export interface HealthReport {
  readonly healthy: boolean;
  /** For `?verbose`. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The names of the checks that failed; enough for who reads an event of the kubelet. */
  readonly failing: readonly string[];
}

export const probes = ['livez', 'startupz', 'readyz', 'drainz', 'redisz'] as const;
export type Probe = (typeof probes)[number];

/** What each probe asks, through terminus. */
export class HealthChecks {
  private readonly indicators: Readonly<Record<Probe, readonly HealthIndicatorFunction[]>>;

  constructor(
    private readonly terminus: HealthCheckService,
    health: HealthIndicatorService,
    sources: HealthSources,
  ) {
    const { startup, redis, hysteresis, drain } = sources;
    const started: HealthIndicatorFunction = () => {
      const session = health.check('startup');
      return startup.started ? session.up() : session.down({ stage: startup.stage });
    };
    const redisReady: HealthIndicatorFunction = async () => {
      const { ready, ...rest } = await hysteresis.look(redis.healthy);
      return ready ? health.check('redis').up(rest) : health.check('redis').down(rest);
    };
    const notDraining: HealthIndicatorFunction = () => {
      const session = health.check('serving');
      return drain.isDraining ? session.down({ phase: drain.status().phase }) : session.up();
    };
    const drained: HealthIndicatorFunction = () => {
      const status = drain.status();
      const session = health.check('drain');
      return status.phase === 'finished' ? session.up({ ...status }) : session.down({ ...status });
    };
    this.indicators = {
      // That it is answered is the check: the event loop turns. Never Redis: a restart of every pod mends no Redis.
      livez: [() => health.check('eventLoop').up()],
      startupz: [started],
      readyz: [started, redisReady, notDraining],
      drainz: [drained],
      // For other pods: does Redis answer this one, right now?
      redisz: [() => (redis.healthy ? health.check('redis').up() : health.check('redis').down())],
    };
  }

  async run(probe: Probe): Promise<HealthReport> {
    const result = await this.check(this.indicators[probe]);
    const failing = Object.keys(result.error ?? {});
    return { healthy: failing.length === 0, details: result.details, failing };
  }

  /** terminus answers what isn't well by an exception, and everything so once the application is shutting down. */
  private async check(indicators: readonly HealthIndicatorFunction[]): Promise<HealthCheckResult> {
    try {
      return await this.terminus.check([...indicators]);
    } catch (error) {
      if (error instanceof ServiceUnavailableException) return error.getResponse() as HealthCheckResult;
      throw error;
    }
  }
}
