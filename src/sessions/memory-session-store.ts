import type { SessionsConfig } from '../config/config.js';
import type { Clock } from '../lib/clock.js';
import type { ConnectionId, PodId, TenantId, UserId } from '../protocol/ids.js';
import type { Json } from '../protocol/frames.js';
import { decideClaim } from './claim-rule.js';
import {
  checkField,
  decideDelete,
  decidePut,
  MAX_FIELDS,
  textOf,
  tooManyFields,
  type StoredText,
} from './session-data.js';
import { checkPage, cursorOf } from './session-list.js';
import { detachedTtlMs, ownedTtlMs } from './session-lifetime.js';
import type {
  Claim,
  ClaimResult,
  DataField,
  DeleteResult,
  PageRequest,
  PutResult,
  SessionEvent,
  SessionEvents,
  SessionKey,
  SessionPage,
  SessionRow,
  SessionStore,
  StoredData,
} from './session-store.js';

interface Stored {
  readonly row: SessionRow;
  readonly expiresAtMs: number;
  readonly data: Map<string, StoredText>;
  /** The highest version of a field that was deleted. */
  floor: number;
}
type Listener = (event: SessionEvent) => void;

/** The twin of Redis in one process: sessions and their channels, by the same rules and with the same answers. */
export class MemorySessionStore implements SessionStore, SessionEvents {
  private readonly sessions = new Map<string, Stored>();
  private readonly listeners = new Map<string, Set<Listener>>();

  constructor(
    private readonly config: SessionsConfig,
    private readonly clock: Clock,
    private readonly isAlive: (pod: PodId) => boolean = () => true,
  ) {}

  async claim(claim: Claim): Promise<ClaimResult> {
    const found = this.find(claim);
    const { result, moved } = decideClaim(found?.row ?? null, claim, this.clock.now());
    if (result.kind === 'claimed') {
      this.keep(result.row, found, ownedTtlMs(this.config));
      if (moved) this.tell(claim, { kind: 'claimed', attempt: claim.attempt, connection: claim.connection });
    }
    return result;
  }

  async claimAll(claims: readonly Claim[]): Promise<readonly PromiseSettledResult<ClaimResult>[]> {
    return Promise.allSettled(claims.map((claim) => this.claim(claim)));
  }

  async detach(key: SessionKey, attempt: number, connection: ConnectionId): Promise<boolean> {
    const found = this.find(key);
    if (found?.row.attempt !== attempt || found.row.connection !== connection) return false;
    this.keep({ ...found.row, detached: true }, found, detachedTtlMs(this.config));
    return true;
  }

  async end(key: SessionKey, connection?: ConnectionId): Promise<boolean> {
    const found = this.find(key);
    if (!found || (connection !== undefined && found.row.connection !== connection)) return false;
    this.sessions.delete(textKey(key));
    this.tell(key, { kind: 'ended' });
    return true;
  }

  async get(key: SessionKey): Promise<SessionRow | null> {
    return this.find(key)?.row ?? null;
  }

  async listByUser(tenant: TenantId, user: UserId, page: PageRequest): Promise<SessionPage> {
    return this.list(page, (row) => row.tenant === tenant && row.user === user);
  }

  async listByTenant(tenant: TenantId, page: PageRequest): Promise<SessionPage> {
    return this.list(page, (row) => row.tenant === tenant);
  }

  async getData(key: SessionKey, field: string): Promise<StoredData | null> {
    checkField(field);
    const stored = this.find(key)?.data.get(field);
    return stored ? { value: JSON.parse(stored.text) as Json, version: stored.version } : null;
  }

  async putData(key: SessionKey, field: string, value: Json, version: number | null): Promise<PutResult> {
    checkField(field);
    const text = textOf(value);
    const found = this.find(key);
    if (!found) return { kind: 'gone' };
    const { data, floor } = found;
    const result = decidePut(data.get(field) ?? null, text, version, floor);
    if (result.kind !== 'stored') return result;
    if (!data.has(field) && data.size >= MAX_FIELDS) throw tooManyFields();
    data.set(field, { text, version: result.version });
    return result;
  }

  async deleteData(key: SessionKey, field: string, version: number | null): Promise<DeleteResult> {
    checkField(field);
    const found = this.find(key);
    if (!found) return { kind: 'gone' };
    const current = found.data.get(field) ?? null;
    const result = decideDelete(current, version);
    if (current === null || result.kind !== 'deleted') return result;
    found.data.delete(field);
    found.floor = Math.max(found.floor, current.version);
    return result;
  }

  async listData(key: SessionKey): Promise<readonly DataField[] | null> {
    const data = this.find(key)?.data;
    if (!data) return null;
    const fields = [...data].map(([field, { text, version }]) => ({ field, version, bytes: Buffer.byteLength(text) }));
    return fields.sort((one, other) => (one.field < other.field ? -1 : 1));
  }

  async listen(key: SessionKey, listener: Listener): Promise<() => void> {
    const text = textKey(key);
    const listeners = this.listeners.get(text) ?? new Set<Listener>();
    this.listeners.set(text, listeners);
    // Wrapped, so that a listener that listens twice is told twice and leaves once at a time.
    const own: Listener = (event) => {
      listener(event);
    };
    listeners.add(own);
    return () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.listeners.get(text) === listeners) this.listeners.delete(text);
    };
  }

  /** Whoever has gone for good is never looked for. */
  removeExpired(): void {
    for (const { row } of this.sessions.values()) this.find(row);
  }

  private list(page: PageRequest, isMeant: (row: SessionRow) => boolean): SessionPage {
    const after = checkPage(page)?.session ?? '';
    const rows = [...this.sessions.values()]
      .flatMap(({ row }) => this.find(row)?.row ?? [])
      .filter((row) => isMeant(row) && row.session > after)
      .sort((one, other) => (one.session < other.session ? -1 : 1));
    const sessions = rows.slice(0, page.limit).map((row) => this.asItReads(row));
    const last = rows.length > page.limit ? sessions.at(-1) : undefined;
    return { sessions, next: last ? cursorOf({ expiry: '0', session: last.session }) : null };
  }

  private asItReads(row: SessionRow): SessionRow {
    return row.detached || this.isAlive(row.pod) ? row : { ...row, detached: true };
  }

  private find(key: SessionKey): Stored | undefined {
    const text = textKey(key);
    const found = this.sessions.get(text);
    if (!found || found.expiresAtMs > this.clock.now()) return found;
    this.sessions.delete(text);
    return undefined;
  }

  private keep(row: SessionRow, before: Stored | undefined, ttlMs: number): void {
    const { data, floor } = before ?? { data: new Map<string, StoredText>(), floor: 0 };
    this.sessions.set(textKey(row), { row, data, floor, expiresAtMs: this.clock.now() + ttlMs });
  }

  /** Later, as from Redis: nobody may rely on being told before the claim has returned. */
  private tell(key: SessionKey, event: SessionEvent): void {
    const listeners = this.listeners.get(textKey(key));
    if (!listeners) return;
    for (const listener of listeners)
      queueMicrotask(() => {
        if (listeners.has(listener)) listener(event);
      });
  }
}

function textKey({ tenant, session }: SessionKey): string {
  return `${tenant}/${session}`;
}
