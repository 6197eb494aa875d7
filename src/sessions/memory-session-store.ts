import type { SessionsConfig } from '../config/config.js';
import type { Clock } from '../lib/clock.js';
import type { ConnectionId } from '../protocol/ids.js';
import type { Json } from '../protocol/frames.js';
import { decideClaim } from './claim-rule.js';
import { checkField, decidePut, MAX_FIELDS, textOf, tooManyFields, type StoredText } from './session-data.js';
import { detachedTtlMs, ownedTtlMs } from './session-lifetime.js';
import type {
  Claim,
  ClaimResult,
  PutResult,
  SessionEvent,
  SessionEvents,
  SessionKey,
  SessionRow,
  SessionStore,
  StoredData,
} from './session-store.js';

interface Stored {
  readonly row: SessionRow;
  readonly expiresAtMs: number;
  readonly data: Map<string, StoredText>;
}
type Listener = (event: SessionEvent) => void;

/** The twin of Redis in one process: sessions and their channels, by the same rules and with the same answers. */
export class MemorySessionStore implements SessionStore, SessionEvents {
  private readonly sessions = new Map<string, Stored>();
  private readonly listeners = new Map<string, Set<Listener>>();

  constructor(
    private readonly config: SessionsConfig,
    private readonly clock: Clock,
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

  async getData(key: SessionKey, field: string): Promise<StoredData | null> {
    checkField(field);
    const stored = this.find(key)?.data.get(field);
    return stored ? { value: JSON.parse(stored.text) as Json, version: stored.version } : null;
  }

  async putData(key: SessionKey, field: string, value: Json, version: number | null): Promise<PutResult> {
    checkField(field);
    const text = textOf(value);
    const data = this.find(key)?.data;
    if (!data) return { kind: 'gone' };
    const result = decidePut(data.get(field) ?? null, text, version);
    if (result.kind !== 'stored') return result;
    if (!data.has(field) && data.size >= MAX_FIELDS) throw tooManyFields();
    data.set(field, { text, version: result.version });
    return result;
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

  private find(key: SessionKey): Stored | undefined {
    const text = textKey(key);
    const found = this.sessions.get(text);
    if (!found || found.expiresAtMs > this.clock.now()) return found;
    this.sessions.delete(text);
    return undefined;
  }

  private keep(row: SessionRow, before: Stored | undefined, ttlMs: number): void {
    const data = before?.data ?? new Map<string, StoredText>();
    this.sessions.set(textKey(row), { row, data, expiresAtMs: this.clock.now() + ttlMs });
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
