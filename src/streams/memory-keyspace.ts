import type { Clock } from '../lib/clock.js';

/** A value is never changed, only replaced: so that whoever remembers one has the past. */
export interface MemoryRecord {
  readonly type: string;
  readonly value: unknown;
  readonly expiresAtMs: number;
}

/** Keys with types and times to live, as in Redis. What has expired is removed when it is looked at. */
export class MemoryKeyspace {
  private readonly records = new Map<string, MemoryRecord>();

  constructor(private readonly clock: Clock) {}

  record(key: string): MemoryRecord | null {
    const found = this.records.get(key);
    if (!found) return null;
    if (found.expiresAtMs > this.clock.now()) return found;
    this.records.delete(key);
    return null;
  }

  /** The value, or null; throws as Redis does when something of another type is there. */
  get(key: string, type: string): unknown {
    const found = this.record(key);
    if (found && found.type !== type) throw new TypeError(`WRONGTYPE ${key} holds ${found.type}, not ${type}`);
    return found ? found.value : null;
  }

  set(key: string, type: string, value: unknown, ttlMs: number): void {
    this.put(key, { type, value, expiresAtMs: this.clock.now() + ttlMs });
  }

  put(key: string, record: MemoryRecord | null): void {
    if (record) this.records.set(key, record);
    else this.records.delete(key);
  }

  expireIn(key: string, ttlMs: number): void {
    const found = this.record(key);
    if (found) this.set(key, found.type, found.value, ttlMs);
  }

  /** Of all keys: nobody looks at those of a session that is gone. */
  removeExpired(): void {
    for (const key of this.records.keys()) this.record(key);
  }

  /** Null: there is no such key. */
  ttlMs(key: string): number | null {
    const found = this.record(key);
    return found ? found.expiresAtMs - this.clock.now() : null;
  }
}
