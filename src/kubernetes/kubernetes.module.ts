import { Global, Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CLOCK, CONFIG } from '../config/tokens.js';
import { FLEET, type Fleet } from '../fleet/fleet.js';
import { ORCHESTRATOR } from '../fleet/orchestrator.js';
import type { Clock } from '../lib/clock.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { METRICS, type Metrics } from '../observability/metrics.js';
import { KubernetesOrchestrator } from './kubernetes-orchestrator.js';
import { orchestratorOf } from './orchestrator-of.js';

/** Only part of an application that is to ask the API server. The start doesn't wait for it, and readiness doesn't know it. */
@Global()
@Module({
  providers: [
    {
      provide: ORCHESTRATOR,
      inject: [CONFIG, FLEET, CLOCK, LOGGER, METRICS],
      useFactory: (config: Config, fleet: Fleet, clock: Clock, logger: Logger, metrics: Metrics) =>
        orchestratorOf(config, { connections: () => fleet.self.connections, clock, logger, metrics }),
    },
  ],
  exports: [ORCHESTRATOR],
})
export class KubernetesModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(ORCHESTRATOR) private readonly orchestrator: KubernetesOrchestrator) {}

  onApplicationBootstrap(): void {
    this.orchestrator.start();
  }
  async onApplicationShutdown(): Promise<void> {
    await this.orchestrator.stop();
  }
}
