import { Global, Module } from '@nestjs/common';
import type { Config } from './config/config.js';
import { CLOCK, CONFIG } from './config/tokens.js';
import { PACE_BUCKET } from './draining/pace.js';
import { RedisPaceBucket } from './draining/redis-pace-bucket.js';
import { FLEET_TABLE, type FleetTableOf } from './fleet/fleet-table.js';
import { RedisFleetTable } from './fleet/redis-fleet-table.js';
import type { Clock } from './lib/clock.js';
import { PRESENCE_STORE } from './messaging/presence-store.js';
import { RedisPresenceStore } from './messaging/redis-presence-store.js';
import { LOGGER, type Logger } from './observability/logger.js';
import { METRICS, type Metrics } from './observability/metrics.js';
import { RedisKeys, type StreamOwner } from './redis/keys.js';
import { REDIS_COMMANDS, REDIS_SUBSCRIBER, type RedisCommands, type RedisSubscriber } from './redis/redis-ports.js';
import { RedisModule } from './redis/redis.module.js';
import { RedisHealth, STORAGE_HEALTH } from './redis/storage-health.js';
import { RedisSessionEvents } from './sessions/redis-session-events.js';
import { RedisSessionStore } from './sessions/redis-session-store.js';
import { SESSION_EVENTS, SESSION_STORE } from './sessions/session-store.js';
import { SessionWatch } from './sessions/session-watch.js';
import { watched } from './sessions/watched-session-store.js';
import { RedisStreamLog } from './streams/redis-stream-log.js';
import { LOG_TIME_MS, STREAM_LOG, type LogTimeMs } from './streams/stream-log.js';
import { ledgerLimits } from './webhooks/ledger-limits.js';
import { RedisWebhookLedger } from './webhooks/redis-webhook-ledger.js';
import { WEBHOOK_LEDGER } from './webhooks/webhook-ledger.js';

/** Every port behind which something lives, kept in Redis. memory-storage.module.ts provides the same. */
@Global()
@Module({
  imports: [RedisModule],
  providers: [
    {
      provide: RedisKeys,
      inject: [CONFIG],
      useFactory: ({ redis }: Config) => new RedisKeys(redis.keyPrefix),
    },
    {
      provide: STREAM_LOG,
      inject: [REDIS_COMMANDS, RedisKeys, CONFIG, CLOCK, METRICS],
      useFactory: (redis: RedisCommands, keys: RedisKeys, config: Config, clock: Clock, metrics: Metrics) => {
        const observeAppendSeconds = (seconds: number): void => {
          metrics.appendSeconds.observe(seconds);
        };
        return new RedisStreamLog({ redis, keys, clock, observeAppendSeconds }, config.streams, config.sessions);
      },
    },
    {
      provide: LOG_TIME_MS,
      inject: [REDIS_COMMANDS, RedisKeys],
      useFactory:
        (redis: RedisCommands, keys: RedisKeys): LogTimeMs =>
        (owner: StreamOwner) =>
          redis.timeMs(keys.stream(owner).log),
    },
    {
      provide: SESSION_STORE,
      inject: [REDIS_COMMANDS, RedisKeys, CONFIG, LOGGER, SessionWatch],
      useFactory: (redis: RedisCommands, keys: RedisKeys, config: Config, logger: Logger, watch: SessionWatch) =>
        watched(new RedisSessionStore(redis, keys, config.sessions, logger), watch, config.webhooks),
    },
    {
      provide: SESSION_EVENTS,
      inject: [REDIS_SUBSCRIBER, RedisKeys],
      useFactory: (subscriber: RedisSubscriber, keys: RedisKeys) => new RedisSessionEvents(subscriber, keys),
    },
    {
      provide: PRESENCE_STORE,
      inject: [REDIS_COMMANDS, RedisKeys, CONFIG],
      useFactory: (redis: RedisCommands, keys: RedisKeys, { sessions }: Config) =>
        new RedisPresenceStore(redis, keys, sessions),
    },
    {
      provide: FLEET_TABLE,
      inject: [REDIS_COMMANDS, RedisKeys, CONFIG],
      useFactory:
        (redis: RedisCommands, keys: RedisKeys, { pod }: Config): FleetTableOf =>
        (own) =>
          new RedisFleetTable(redis, keys, own, pod.beatTtlMs),
    },
    {
      provide: PACE_BUCKET,
      inject: [REDIS_COMMANDS, RedisKeys],
      useFactory: (redis: RedisCommands, keys: RedisKeys) => new RedisPaceBucket(redis, keys),
    },
    {
      provide: WEBHOOK_LEDGER,
      inject: [REDIS_COMMANDS, RedisKeys, CONFIG],
      useFactory: (redis: RedisCommands, keys: RedisKeys, { webhooks, sessions }: Config) =>
        new RedisWebhookLedger(redis, keys, ledgerLimits(webhooks, sessions)),
    },
    {
      provide: STORAGE_HEALTH,
      inject: [REDIS_COMMANDS, RedisKeys],
      useFactory: (redis: RedisCommands, keys: RedisKeys) => new RedisHealth(redis, keys),
    },
  ],
  exports: [
    ...[RedisKeys, STREAM_LOG, LOG_TIME_MS, SESSION_STORE, SESSION_EVENTS, PRESENCE_STORE, FLEET_TABLE, PACE_BUCKET],
    ...[STORAGE_HEALTH, WEBHOOK_LEDGER],
  ],
})
export class RedisStorageModule {}
