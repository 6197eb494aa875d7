import { Global, Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CLOCK, CONFIG } from '../config/tokens.js';
import type { Clock } from '../lib/clock.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { METRICS, type Metrics } from '../observability/metrics.js';
import { RedisKeys } from '../redis/keys.js';
import { REDIS_COMMANDS, REDIS_SUBSCRIBER, type RedisCommands, type RedisSubscriber } from '../redis/redis-ports.js';
import { LIVE_STREAMS } from './live-streams.js';
import { RedisLiveStreams } from './redis-live-streams.js';
import { RedisStreamLog } from './redis-stream-log.js';
import { STREAM_LOG, type StreamLog } from './stream-log.js';

/** The logs and their live subscribers. Expects the module of redis/ to be there. */
@Global()
@Module({
  providers: [
    {
      provide: STREAM_LOG,
      inject: [REDIS_COMMANDS, CONFIG, CLOCK, METRICS],
      useFactory: (redis: RedisCommands, config: Config, clock: Clock, metrics: Metrics) =>
        new RedisStreamLog(
          {
            redis,
            keys: new RedisKeys(config.redis.keyPrefix),
            clock,
            observeAppendSeconds: (seconds) => {
              metrics.appendSeconds.observe(seconds);
            },
          },
          config.streams,
          config.sessions,
        ),
    },
    {
      provide: LIVE_STREAMS,
      inject: [STREAM_LOG, REDIS_SUBSCRIBER, CONFIG, CLOCK, LOGGER],
      useFactory: (log: StreamLog, subscriber: RedisSubscriber, { redis }: Config, clock: Clock, logger: Logger) =>
        new RedisLiveStreams(log, subscriber, new RedisKeys(redis.keyPrefix), clock, logger),
    },
  ],
  exports: [STREAM_LOG, LIVE_STREAMS],
})
export class StreamsModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(LIVE_STREAMS) private readonly live: RedisLiveStreams,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.live.startSweep(this.config.sessions.sweepMs);
  }
  onApplicationShutdown(): void {
    this.live.stopSweep();
  }
}
