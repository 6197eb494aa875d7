import { Global, Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CLOCK, CONFIG } from '../config/tokens.js';
import type { Clock } from '../lib/clock.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { RedisKeys } from '../redis/keys.js';
import { REDIS_SUBSCRIBER, type RedisSubscriber } from '../redis/redis-ports.js';
import { LIVE_STREAMS } from './live-streams.js';
import { RedisLiveStreams } from './redis-live-streams.js';
import { STREAM_LOG, type StreamLog } from './stream-log.js';

/** The live subscribers of the logs, which the module of the storage provides. */
@Global()
@Module({
  providers: [
    {
      provide: LIVE_STREAMS,
      inject: [STREAM_LOG, REDIS_SUBSCRIBER, RedisKeys, CLOCK, LOGGER],
      useFactory: (log: StreamLog, subscriber: RedisSubscriber, keys: RedisKeys, clock: Clock, logger: Logger) =>
        new RedisLiveStreams(log, subscriber, keys, clock, logger),
    },
  ],
  exports: [LIVE_STREAMS],
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
