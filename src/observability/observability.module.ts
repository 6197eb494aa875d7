import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/tokens.js';
import { watchEventLoop } from './event-loop-delay.js';
import { createLogger, LOGGER } from './logger.js';
import { Metrics, METRICS } from './metrics.js';

@Global()
@Module({
  providers: [
    {
      provide: LOGGER,
      inject: [CONFIG],
      useFactory: ({ log, pod }: Config) =>
        createLogger({ level: log.level, base: { pod: pod.name, node: pod.node, revision: pod.revision } }),
    },
    { provide: METRICS, useFactory: () => new Metrics() },
  ],
  exports: [LOGGER, METRICS],
})
export class ObservabilityModule implements OnApplicationShutdown {
  private readonly stopWatching: () => void;

  constructor(@Inject(METRICS) metrics: Metrics) {
    this.stopWatching = watchEventLoop(metrics);
  }

  onApplicationShutdown(): void {
    this.stopWatching();
  }
}
