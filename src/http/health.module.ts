import { Inject, Module } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { CLOCK } from '../config/tokens.js';
import { CONNECTION_REGISTRY, type ConnectionRegistry } from '../connections/connection-registry.js';
import { ConnectionRegistryModule } from '../connections/connection-registry.module.js';
import { DrainCoordinator } from '../draining/drain-coordinator.js';
import { DrainingModule } from '../draining/draining.module.js';
import { FLEET, type Fleet } from '../fleet/fleet.js';
import type { Clock } from '../lib/clock.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { METRICS, type Metrics } from '../observability/metrics.js';
import { STORAGE_HEALTH, type StorageHealth } from '../redis/storage-health.js';
import { HealthChecks, type HealthSources } from './health-checks.js';
import { HealthServer } from './health-server.js';
import { PeersRedis } from './peers-redis.js';
import { sampleAtScrape } from './pod-metrics.js';
import { RedisHysteresis } from './redis-readiness.js';
import { StartupProgress } from './startup-progress.js';

const HEALTH_SOURCES = Symbol('HealthSources');

/** Probes and metrics. Whoever starts the process lets HealthServer listen first and closes it last. */
@Module({
  imports: [
    // 0: a drain is ours, and terminus would only sleep.
    TerminusModule.forRoot({ logger: false, gracefulShutdownTimeoutMs: 0 }),
    ConnectionRegistryModule,
    DrainingModule,
  ],
  providers: [
    { provide: StartupProgress, useFactory: () => new StartupProgress() },
    {
      provide: HEALTH_SOURCES,
      inject: [StartupProgress, STORAGE_HEALTH, DrainCoordinator, FLEET, CLOCK],
      useFactory: (
        startup: StartupProgress,
        redis: StorageHealth,
        drain: DrainCoordinator,
        fleet: Fleet,
        clock: Clock,
      ): HealthSources => {
        const others = new PeersRedis(fleet);
        const hysteresis = new RedisHysteresis(
          () => clock.monotonic(),
          () => others.someIsWell(),
        );
        return { startup, redis, hysteresis, drain };
      },
    },
    {
      provide: HealthChecks,
      inject: [HealthCheckService, HealthIndicatorService, HEALTH_SOURCES],
      useFactory: (terminus: HealthCheckService, indicators: HealthIndicatorService, sources: HealthSources) =>
        new HealthChecks(terminus, indicators, sources),
    },
    {
      provide: HealthServer,
      inject: [HealthChecks, METRICS, LOGGER],
      useFactory: (checks: HealthChecks, metrics: Metrics, logger: Logger) => new HealthServer(checks, metrics, logger),
    },
  ],
  exports: [HealthServer, StartupProgress],
})
export class HealthModule {
  constructor(
    @Inject(METRICS) metrics: Metrics,
    @Inject(CONNECTION_REGISTRY) connections: ConnectionRegistry,
    @Inject(FLEET) fleet: Fleet,
    @Inject(STORAGE_HEALTH) redis: StorageHealth,
    @Inject(DrainCoordinator) drain: DrainCoordinator,
  ) {
    sampleAtScrape(metrics, { connections, fleet, redis, drain });
  }
}
