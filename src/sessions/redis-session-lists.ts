import type { Logger } from '../observability/logger.js';
import type { PodId } from '../protocol/ids.js';
import type { RedisKeys } from '../redis/keys.js';
import type { RedisCommands } from '../redis/redis-ports.js';
import { BatonError } from '../lib/baton-error.js';
import type { RedisSessionIndex } from './redis-session-index.js';
import { checkPage, cursorOf, type ListPosition } from './session-list.js';
import type { PageRequest, SessionKey, SessionPage, SessionRow } from './session-store.js';

export interface ListPorts {
  readonly redis: RedisCommands;
  readonly keys: RedisKeys;
  readonly index: RedisSessionIndex;
  readonly logger: Logger;
  readonly get: (key: SessionKey) => Promise<SessionRow | null>;
}

/** Sessions as others see them: an index only says where to look, and a row whose pod is gone reads as detached. */
export class RedisSessionLists {
  constructor(private readonly ports: ListPorts) {}

  async page(
    index: string,
    request: PageRequest,
    isMeant: (row: SessionRow) => boolean,
    keyOf: (position: ListPosition) => SessionKey,
  ): Promise<SessionPage> {
    const positions = await this.ports.index.page(index, request.limit, checkPage(request));
    const looked = await Promise.allSettled(positions.map((position) => this.ports.get(keyOf(position))));
    const rows: SessionRow[] = [];
    const dead: ListPosition[] = [];
    positions.forEach((position, at) => {
      const row = this.rowOf(looked[at]);
      if (row === null || (row && !isMeant(row))) dead.push(position);
      else if (row) rows.push(row);
    });
    await this.ports.index.drop(index, dead);
    const last = positions.at(-1);
    const next = last !== undefined && positions.length === request.limit ? cursorOf(last) : null;
    return { sessions: await this.asTheyRead(rows), next };
  }

  private async asTheyRead(rows: readonly SessionRow[]): Promise<readonly SessionRow[]> {
    const pods = [...new Set(rows.filter((row) => !row.detached).map((row) => row.pod))];
    const alive = await this.ports.redis.exist(pods.map((pod) => this.ports.keys.pod(pod)));
    const gone = new Set<PodId>(pods.filter((_pod, at) => alive[at] !== true));
    return rows.map((row) => (gone.has(row.pod) ? { ...row, detached: true } : row));
  }

  /** Undefined: a row that this pod can't read, which a list of others must not fail for. */
  private rowOf(looked: PromiseSettledResult<SessionRow | null> | undefined): SessionRow | null | undefined {
    if (looked?.status === 'fulfilled') return looked.value;
    const error: unknown = looked?.reason;
    if (error instanceof BatonError && error.code === 'unavailable') throw error;
    this.ports.logger.warn('session.row-unreadable', { error });
    return undefined;
  }
}
