import { Global, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/tokens.js';
import { watchEventLoop } from './event-loop-delay.js';
import { createLogger, LOGGER, type LogDestination } from './logger.js';
import { Metrics, METRICS } from './metrics.js';

@Global()
@Module({
  providers: [{ provide: METRICS, useFactory: () => new Metrics() }],
  exports: [METRICS],
})
export class ObservabilityModule implements OnApplicationShutdown {
  private readonly stopWatching: () => void;

  /** Without a destination: stdout. */
  static writingTo(destination?: LogDestination): DynamicModule {
    const logger = {
      provide: LOGGER,
      inject: [CONFIG],
      useFactory: ({ log, pod }: Config) =>
        createLogger(
          { level: log.level, base: { pod: pod.name, node: pod.node, revision: pod.revision } },
          destination,
        ),
    };
    return { module: ObservabilityModule, providers: [logger], exports: [LOGGER] };
  }

  constructor(@Inject(METRICS) metrics: Metrics) {
    this.stopWatching = watchEventLoop(metrics);
  }

  onApplicationShutdown(): void {
    this.stopWatching();
  }
}
