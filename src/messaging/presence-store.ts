import type { SessionsConfig } from '../config/config.js';
import { BatonError } from '../lib/baton-error.js';
import {
  asPodId,
  asSessionId,
  asUserId,
  type ChannelName,
  type ConnectionId,
  type PodId,
  type SessionId,
  type TenantId,
  type UserId,
} from '../protocol/ids.js';
import type { PresenceKeys, RedisKeys } from '../redis/keys.js';
import type { RedisCommands, RedisReply } from '../redis/redis-ports.js';

/** A session in a channel, and the pod that vouches for it. */
export interface Member {
  readonly session: SessionId;
  readonly user: UserId;
  /** Redis time in ms since 1970. */
  readonly since: number;
  readonly pod: PodId;
}

/** Who says that it is there. */
export interface Entrant {
  readonly session: SessionId;
  readonly user: UserId;
  readonly pod: PodId;
  readonly attempt: number;
  readonly connection: ConnectionId;
}

export interface PresenceList {
  /** Counts the changes of the channel; the next one that is told has the next number. */
  readonly changes: number;
  readonly members: readonly Member[];
}

/** Two sweeps: one that fails doesn't cost anybody's place. */
const ttlMs = ({ sweepMs }: SessionsConfig): number => 2 * sweepMs;

/** Who is in which channel, in Redis. Every call is idempotent and rejects with BatonError `unavailable`. */
export class PresenceStore {
  constructor(
    private readonly redis: RedisCommands,
    private readonly keys: RedisKeys,
    private readonly config: SessionsConfig,
  ) {}

  keysOf(tenant: TenantId, channel: ChannelName): PresenceKeys {
    return this.keys.presence(tenant, channel);
  }

  /** Also a refresh and, with a higher attempt, another owner. The changes until then; null: a higher attempt is there. */
  async enter({ here, told }: PresenceKeys, entrant: Entrant): Promise<number | null> {
    const { session, user, pod, attempt, connection } = entrant;
    const args = [session, user, pod, attempt, connection, ttlMs(this.config)];
    const [kind, changes] = listOf(await this.redis.run({ script: 'presence-enter', keys: [here, told], args }));
    return kind === 'here' ? Number(changes) : null;
  }

  async leave({ here, told }: PresenceKeys, session: SessionId, connection: ConnectionId): Promise<void> {
    await this.redis.run({ script: 'presence-leave', keys: [here, told], args: [session, connection] });
  }

  async list({ here, told }: PresenceKeys): Promise<PresenceList> {
    const args = [ttlMs(this.config)];
    const [changes, ...texts] = listOf(await this.redis.run({ script: 'presence-list', keys: [here, told], args }));
    const members = texts.flatMap((session, at) =>
      at % 4 === 0 ? [memberOf([session, texts[at + 1] ?? '', texts[at + 2] ?? '', texts[at + 3] ?? ''])] : [],
    );
    return { changes: Number(changes), members };
  }
}

export type PresenceChange = { readonly number: number } & (
  { readonly kind: 'put'; readonly member: Member } | { readonly kind: 'left'; readonly session: SessionId }
);

/** `p <number> <session> <user> <since> <pod>`, `l <number> <session>`; null for what a newer version may say. */
export function parsePresenceChange(message: string): PresenceChange | null {
  const [kind, number, session, ...rest] = message.split(' ');
  if (session === undefined) return null;
  if (kind === 'l') return { kind: 'left', number: Number(number), session: asSessionId(session) };
  const [user, since, pod] = rest;
  if (kind !== 'p' || user === undefined || since === undefined || pod === undefined) return null;
  return { kind: 'put', number: Number(number), member: memberOf([session, user, since, pod]) };
}

function memberOf([session, user, since, pod]: readonly [string, string, string, string]): Member {
  return { session: asSessionId(session), user: asUserId(user), since: Number(since), pod: asPodId(pod) };
}

function listOf(reply: RedisReply): readonly string[] {
  if (!Array.isArray(reply)) throw new BatonError('internal', `presence was answered ${JSON.stringify(reply)}`);
  return reply.map(String);
}
