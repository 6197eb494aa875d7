import type { SessionsConfig } from '../config/config.js';
import type { Logger } from '../observability/logger.js';
import { asSessionId, type SessionId, type TenantId, type UserId } from '../protocol/ids.js';
import type { RedisKeys } from '../redis/keys.js';
import type { RedisCommands } from '../redis/redis-ports.js';
import { ownedTtlMs } from './session-lifetime.js';
import type { ListPosition } from './session-list.js';
import type { SessionKey } from './session-store.js';

export interface Hint extends SessionKey {
  readonly user: UserId;
}

/** Sessions in one script: one of 10,000 would hold up whatever else Redis does. */
const CHUNK = 500;
/** Longer than a claim takes that has written its hint. */
const ABOUT_TO_BE_MADE_MS = 30_000;

/**
 * The indexes of sessions by user and by tenant. They are in other slots than the rows, so that they are hints: written
 * before the row, checked against it when read. None of them is needed for anything but lists.
 */
export class RedisSessionIndex {
  constructor(
    private readonly redis: RedisCommands,
    private readonly keys: RedisKeys,
    private readonly config: SessionsConfig,
    private readonly logger: Logger,
  ) {}

  ofUser(tenant: TenantId, user: UserId): string {
    return this.keys.userSessions(tenant, user);
  }
  ofTenant(tenant: TenantId): string {
    return this.keys.tenantSessions(tenant);
  }

  /** Before the rows are claimed. Never rejects: a list that lacks a session is better than a session that lacks. */
  async write(hints: readonly Hint[]): Promise<void> {
    const byIndex = new Map<string, SessionId[]>();
    for (const { tenant, user, session } of hints)
      for (const index of [this.ofUser(tenant, user), this.ofTenant(tenant)]) {
        const sessions = byIndex.get(index) ?? [];
        byIndex.set(index, sessions);
        sessions.push(session);
      }
    const ttlMs = ownedTtlMs(this.config);
    const calls = [...byIndex].flatMap(([index, sessions]) =>
      chunksOf(sessions).map((chunk) => ({
        script: 'index-sessions' as const,
        keys: [index],
        args: [ttlMs, ...chunk],
      })),
    );
    const failed = (await this.redis.runAll(calls)).find((result) => result.status === 'rejected');
    if (failed) this.logger.warn('session.index-failed', { error: failed.reason as unknown });
  }

  /** Those that the index names, oldest refresh first; expired ones are removed. */
  async page(index: string, limit: number, after: ListPosition | null): Promise<readonly ListPosition[]> {
    const args = [limit, after?.expiry ?? '', after?.session ?? ''];
    const reply = await this.redis.run({ script: 'list-sessions', keys: [index], args });
    const texts = Array.isArray(reply) ? reply.map(String) : [];
    return texts.flatMap((session, at) =>
      at % 2 === 0 ? [{ session: asSessionId(session), expiry: texts[at + 1] ?? '' }] : [],
    );
  }

  /** Their rows weren't found. */
  async drop(index: string, positions: readonly ListPosition[]): Promise<void> {
    if (positions.length === 0) return;
    const ageMs = Math.min(ABOUT_TO_BE_MADE_MS, this.config.ttlMs);
    const args = [ownedTtlMs(this.config), ageMs, ...positions.flatMap(({ session, expiry }) => [session, expiry])];
    try {
      await this.redis.run({ script: 'unlist-sessions', keys: [index], args });
    } catch (error) {
      this.logger.warn('session.unlist-failed', { error });
    }
  }
}

function chunksOf(sessions: readonly SessionId[]): readonly (readonly SessionId[])[] {
  const count = Math.ceil(sessions.length / CHUNK);
  return Array.from({ length: count }, (_, at) => sessions.slice(at * CHUNK, (at + 1) * CHUNK));
}
