import type { SessionsConfig } from '../config/config.js';
import { BatonError } from '../lib/baton-error.js';
import { MAX_PRESENT } from '../protocol/bounds.js';
import type { ChannelName, ConnectionId, PodId, SessionId, TenantId } from '../protocol/ids.js';
import type { PresenceKeys, RedisKeys } from '../redis/keys.js';
import type { RedisCommands, RedisReply } from '../redis/redis-ports.js';
import { presenceTtlMs } from './presence-ttl.js';
import { memberOf, MOST_CLEARED, type Entrant, type PresenceList, type PresenceStore } from './presence-store.js';

/** Presence in Redis: presence-enter.lua and its like. */
export class RedisPresenceStore implements PresenceStore {
  constructor(
    private readonly redis: RedisCommands,
    private readonly keys: RedisKeys,
    private readonly config: SessionsConfig,
    private readonly most = MAX_PRESENT,
  ) {}

  keysOf(tenant: TenantId, channel: ChannelName): PresenceKeys {
    return this.keys.presence(tenant, channel);
  }

  async enter({ here, told }: PresenceKeys, entrant: Entrant): Promise<number | null> {
    const { session, user, pod, attempt, connection } = entrant;
    const args = [session, user, pod, attempt, connection, presenceTtlMs(this.config), this.most];
    const [kind, changes] = listOf(await this.redis.run({ script: 'presence-enter', keys: [here, told], args }));
    if (kind === 'full') throw new BatonError('channel-full');
    return kind === 'here' ? Number(changes) : null;
  }

  async leave({ here, told }: PresenceKeys, session: SessionId, connection: ConnectionId): Promise<void> {
    await this.redis.run({ script: 'presence-leave', keys: [here, told], args: [session, connection] });
  }

  async clear({ here, told }: PresenceKeys, pods: readonly PodId[]): Promise<number> {
    const args = [MOST_CLEARED, ...pods];
    return Number(await this.redis.run({ script: 'presence-clear', keys: [here, told], args }));
  }

  async list({ here, told }: PresenceKeys): Promise<PresenceList> {
    const args = [presenceTtlMs(this.config)];
    const [changes, ...texts] = listOf(await this.redis.run({ script: 'presence-list', keys: [here, told], args }));
    const members = texts.flatMap((session, at) =>
      at % 4 === 0 ? [memberOf([session, texts[at + 1] ?? '', texts[at + 2] ?? '', texts[at + 3] ?? ''])] : [],
    );
    return { changes: Number(changes), members };
  }
}

function listOf(reply: RedisReply): readonly string[] {
  if (!Array.isArray(reply)) throw new BatonError('internal', `presence was answered ${JSON.stringify(reply)}`);
  return reply.map(String);
}
