import { Global, Module } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/tokens.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { RedisKeys } from '../redis/keys.js';
import { REDIS_COMMANDS, REDIS_SUBSCRIBER, type RedisCommands, type RedisSubscriber } from '../redis/redis-ports.js';
import { loadResumeTokens } from './hmac-resume-tokens.js';
import { RedisSessionEvents } from './redis-session-events.js';
import { RedisSessionStore } from './redis-session-store.js';
import { RESUME_TOKENS } from './resume-tokens.js';
import { SESSION_EVENTS, SESSION_STORE } from './session-store.js';

/** The durable sessions in Redis. Expects the module of redis/ to be there. */
@Global()
@Module({
  providers: [
    {
      provide: SESSION_STORE,
      inject: [CONFIG, REDIS_COMMANDS, LOGGER],
      useFactory: ({ redis, sessions }: Config, commands: RedisCommands, logger: Logger) =>
        new RedisSessionStore(commands, new RedisKeys(redis.keyPrefix), sessions, logger),
    },
    {
      provide: SESSION_EVENTS,
      inject: [CONFIG, REDIS_SUBSCRIBER],
      useFactory: ({ redis }: Config, subscriber: RedisSubscriber) =>
        new RedisSessionEvents(subscriber, new RedisKeys(redis.keyPrefix)),
    },
    {
      provide: RESUME_TOKENS,
      inject: [CONFIG],
      useFactory: ({ auth }: Config) => loadResumeTokens(auth.resumeKeysFile),
    },
  ],
  exports: [SESSION_STORE, SESSION_EVENTS, RESUME_TOKENS],
})
export class SessionsModule {}
