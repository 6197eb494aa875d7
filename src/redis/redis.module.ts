import { Global, Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CLOCK, CONFIG } from '../config/tokens.js';
import type { Clock } from '../lib/clock.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { RedisConnection } from './redis-connection.js';
import { REDIS_COMMANDS, REDIS_SUBSCRIBER } from './redis-ports.js';

/** Connects before the other modules start their work and closes after they have ended it. */
@Global()
@Module({
  providers: [
    {
      provide: RedisConnection,
      inject: [CONFIG, CLOCK, LOGGER],
      useFactory: ({ redis, streams }: Config, clock: Clock, logger: Logger) =>
        new RedisConnection({ ...redis, canaryMs: streams.canaryMs }, clock, logger),
    },
    {
      provide: REDIS_COMMANDS,
      inject: [RedisConnection],
      useFactory: (connection: RedisConnection) => connection.commands,
    },
    {
      provide: REDIS_SUBSCRIBER,
      inject: [RedisConnection],
      useFactory: (connection: RedisConnection) => connection.subscriber,
    },
  ],
  exports: [REDIS_COMMANDS, REDIS_SUBSCRIBER],
})
export class RedisModule implements OnModuleInit, OnApplicationShutdown {
  constructor(@Inject(RedisConnection) private readonly connection: RedisConnection) {}

  async onModuleInit(): Promise<void> {
    await this.connection.start();
  }

  onApplicationShutdown(): void {
    this.connection.close();
  }
}
