import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { PresenceRooms } from '../messaging/presence-rooms.js';
import type { RedisKeys } from '../redis/keys.js';
import type { RedisSubscriber } from '../redis/redis-ports.js';
import type { ClaimedSession } from './connection.js';
import type { Heartbeat } from './heartbeat.js';
import type { SessionKeeper } from './session-keeper.js';

/** Starts and stops what runs beside the sockets. */
export class ConnectionsLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly heartbeat: Heartbeat,
    private readonly keeper: SessionKeeper,
    private readonly subscriber: RedisSubscriber,
    private readonly keys: RedisKeys,
    private readonly presence: PresenceRooms,
  ) {}

  onApplicationBootstrap(): void {
    this.heartbeat.start();
    this.keeper.start();
    this.presence.start();
    this.subscriber.onDoubt((concerns) => {
      void this.keeper.check((session) => this.isConcerned(session, concerns));
    });
  }

  /** By its row, or by what it has published: on Cluster the one may be lost where the other isn't. */
  private isConcerned({ row, publisher }: ClaimedSession, concerns: (key: string) => boolean): boolean {
    if (concerns(this.keys.sessionRow(row.tenant, row.session))) return true;
    return publisher.usesAny((owner) => concerns(this.keys.stream(owner).log));
  }

  onApplicationShutdown(): void {
    this.heartbeat.stop();
    this.keeper.stop();
    this.presence.stop();
  }
}
