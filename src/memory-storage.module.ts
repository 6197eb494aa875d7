import { Global, Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Config } from './config/config.js';
import { CLOCK, CONFIG } from './config/tokens.js';
import { MemoryPaceBucket } from './draining/memory-pace-bucket.js';
import { PACE_BUCKET } from './draining/pace.js';
import { FLEET_TABLE, type FleetTableOf } from './fleet/fleet-table.js';
import { MemoryFleetTable } from './fleet/memory-fleet-table.js';
import type { Clock, Timer } from './lib/clock.js';
import { MemoryPresenceStore } from './messaging/memory-presence-store.js';
import { PRESENCE_STORE } from './messaging/presence-store.js';
import { RedisKeys } from './redis/keys.js';
import { REDIS_SUBSCRIBER } from './redis/redis-ports.js';
import { memoryHealth, STORAGE_HEALTH } from './redis/storage-health.js';
import { MemorySessionStore } from './sessions/memory-session-store.js';
import { SESSION_EVENTS, SESSION_STORE } from './sessions/session-store.js';
import { SessionWatch } from './sessions/session-watch.js';
import { watched } from './sessions/watched-session-store.js';
import { appendLimits } from './streams/append-limits.js';
import { MemoryChannels } from './streams/memory-channels.js';
import { MemoryKeyspace } from './streams/memory-keyspace.js';
import { MemoryStreamLog } from './streams/memory-stream-log.js';
import { LOG_TIME_MS, STREAM_LOG, type LogTimeMs } from './streams/stream-log.js';
import { ledgerLimits } from './webhooks/ledger-limits.js';
import { MemoryWebhookLedger } from './webhooks/memory-webhook-ledger.js';
import { WEBHOOK_LEDGER } from './webhooks/webhook-ledger.js';

/** How often what has expired, and nobody looks at, is let go. */
const LET_GO_MS = 30_000;

const publishTo = (channels: MemoryChannels) => (channel: string, message: string) => {
  channels.publish(channel, message);
};

/** Every port behind which something lives, kept in this process: for development. Imports no ioredis. */
@Global()
@Module({
  providers: [
    {
      provide: RedisKeys,
      inject: [CONFIG],
      useFactory: ({ redis }: Config) => new RedisKeys(redis.keyPrefix),
    },
    { provide: MemoryKeyspace, inject: [CLOCK], useFactory: (clock: Clock) => new MemoryKeyspace(clock) },
    { provide: REDIS_SUBSCRIBER, useFactory: () => new MemoryChannels() },
    {
      provide: STREAM_LOG,
      inject: [MemoryKeyspace, RedisKeys, CLOCK, REDIS_SUBSCRIBER, CONFIG],
      useFactory: (
        keyspace: MemoryKeyspace,
        keys: RedisKeys,
        clock: Clock,
        channels: MemoryChannels,
        { streams, sessions }: Config,
      ) =>
        new MemoryStreamLog({ keyspace, keys, clock, publish: publishTo(channels) }, appendLimits(streams, sessions)),
    },
    {
      provide: LOG_TIME_MS,
      inject: [CLOCK],
      useFactory:
        (clock: Clock): LogTimeMs =>
        () =>
          clock.now(),
    },
    {
      provide: MemorySessionStore,
      inject: [CONFIG, CLOCK],
      useFactory: ({ sessions }: Config, clock: Clock) => new MemorySessionStore(sessions, clock),
    },
    {
      provide: SESSION_STORE,
      inject: [MemorySessionStore, SessionWatch, CONFIG],
      useFactory: (store: MemorySessionStore, watch: SessionWatch, { webhooks }: Config) =>
        watched(store, watch, webhooks),
    },
    { provide: SESSION_EVENTS, useExisting: MemorySessionStore },
    {
      provide: WEBHOOK_LEDGER,
      inject: [CLOCK, CONFIG],
      useFactory: (clock: Clock, { webhooks, sessions }: Config) =>
        new MemoryWebhookLedger(clock, ledgerLimits(webhooks, sessions)),
    },
    {
      provide: PRESENCE_STORE,
      inject: [MemoryKeyspace, RedisKeys, CLOCK, REDIS_SUBSCRIBER, CONFIG],
      useFactory: (
        keyspace: MemoryKeyspace,
        keys: RedisKeys,
        clock: Clock,
        channels: MemoryChannels,
        { sessions }: Config,
      ) => new MemoryPresenceStore({ keyspace, keys, clock, publish: publishTo(channels) }, sessions),
    },
    {
      provide: FLEET_TABLE,
      inject: [CLOCK, CONFIG],
      useFactory: (clock: Clock, { pod }: Config): FleetTableOf => {
        const table = new MemoryFleetTable(clock, pod.beatTtlMs);
        return () => table;
      },
    },
    { provide: PACE_BUCKET, inject: [CLOCK], useFactory: (clock: Clock) => new MemoryPaceBucket(clock) },
    { provide: STORAGE_HEALTH, useValue: memoryHealth },
  ],
  exports: [
    ...[RedisKeys, STREAM_LOG, LOG_TIME_MS, SESSION_STORE, SESSION_EVENTS, PRESENCE_STORE, FLEET_TABLE, PACE_BUCKET],
    ...[STORAGE_HEALTH, REDIS_SUBSCRIBER, WEBHOOK_LEDGER],
  ],
})
export class MemoryStorageModule implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: Timer | null = null;

  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(MemoryKeyspace) private readonly keyspace: MemoryKeyspace,
    @Inject(MemorySessionStore) private readonly sessions: MemorySessionStore,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = this.clock.every(LET_GO_MS, () => {
      this.keyspace.removeExpired();
      this.sessions.removeExpired();
    });
  }

  onApplicationShutdown(): void {
    this.timer?.cancel();
  }
}
