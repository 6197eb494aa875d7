import type { SessionsConfig } from '../config/config.js';
import type { Clock } from '../lib/clock.js';
import { BatonError } from '../lib/baton-error.js';
import { MAX_PRESENT } from '../protocol/bounds.js';
import type { ChannelName, ConnectionId, PodId, SessionId, TenantId } from '../protocol/ids.js';
import type { PresenceKeys, RedisKeys } from '../redis/keys.js';
import type { MemoryKeyspace } from '../streams/memory-keyspace.js';
import { MOST_CLEARED, type Entrant, type PresenceList, type PresenceStore } from './presence-store.js';
import { presenceTtlMs } from './presence-ttl.js';

interface Place extends Entrant {
  readonly since: number;
  readonly refreshedAtMs: number;
}
type Places = ReadonlyMap<SessionId, Place>;
interface Here {
  readonly changes: number;
  readonly places: Places;
}

export interface MemoryPresencePorts {
  readonly keyspace: MemoryKeyspace;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly publish: (channel: string, message: string) => void;
}

const TYPE = 'here';

/** The twin of presence-enter.lua and its like in one process: the same rules, keys and lives of keys. */
export class MemoryPresenceStore implements PresenceStore {
  private readonly ttlMs: number;

  constructor(
    private readonly ports: MemoryPresencePorts,
    config: SessionsConfig,
    private readonly most = MAX_PRESENT,
  ) {
    this.ttlMs = presenceTtlMs(config);
  }

  keysOf(tenant: TenantId, channel: ChannelName): PresenceKeys {
    return this.ports.keys.presence(tenant, channel);
  }

  async enter(keys: PresenceKeys, entrant: Entrant): Promise<number | null> {
    const { here, told } = keys;
    const { keyspace, clock, publish } = this.ports;
    if (!this.at(here).places.has(entrant.session)) this.makeRoom(keys);
    const { changes, places } = this.at(here);
    const found = places.get(entrant.session);
    if (found && isBefore(entrant, found)) return null;
    const now = clock.now();
    const alive = found && found.refreshedAtMs + this.ttlMs > now ? found : null;
    const place = { ...entrant, since: alive?.since ?? now, refreshedAtMs: now };
    const isNews = alive?.connection !== entrant.connection;
    const counted = isNews ? changes + 1 : changes;
    keyspace.set(here, TYPE, { changes: counted, places: new Map([...places, [place.session, place]]) }, this.ttlMs);
    if (isNews) publish(told, ['p', counted, place.session, place.user, place.since, place.pod].join(' '));
    return counted;
  }

  async leave(keys: PresenceKeys, session: SessionId, connection: ConnectionId): Promise<void> {
    if (this.at(keys.here).places.get(session)?.connection === connection) this.remove(keys, session);
  }

  async clear(keys: PresenceKeys, pods: readonly PodId[]): Promise<number> {
    const theirs = [...this.at(keys.here).places.values()]
      .filter(({ pod }) => pods.includes(pod))
      .slice(0, MOST_CLEARED);
    for (const { session } of theirs) this.remove(keys, session);
    return theirs.length;
  }

  async list(keys: PresenceKeys): Promise<PresenceList> {
    this.removeExpired(keys);
    const { changes, places } = this.at(keys.here);
    const members = [...places.values()].map(({ session, user, since, pod }) => ({ session, user, since, pod }));
    return { changes, members };
  }

  private makeRoom(keys: PresenceKeys): void {
    if (this.at(keys.here).places.size < this.most) return;
    this.removeExpired(keys);
    if (this.at(keys.here).places.size >= this.most) throw new BatonError('channel-full');
  }

  private removeExpired(keys: PresenceKeys): void {
    const now = this.ports.clock.now();
    for (const [session, { refreshedAtMs }] of this.at(keys.here).places)
      if (refreshedAtMs + this.ttlMs <= now) this.remove(keys, session);
  }

  private at(here: string): Here {
    return (this.ports.keyspace.get(here, TYPE) as Here | null) ?? { changes: 0, places: new Map() };
  }

  /** The channel's life stays what it was. */
  private remove({ here, told }: PresenceKeys, session: SessionId): void {
    const { keyspace, publish } = this.ports;
    const record = keyspace.record(here);
    if (!record) return;
    const { changes, places } = this.at(here);
    const left = new Map([...places].filter(([each]) => each !== session));
    keyspace.put(here, { ...record, value: { changes: changes + 1, places: left } satisfies Here });
    publish(told, ['l', changes + 1, session].join(' '));
  }
}

function isBefore(entrant: Entrant, found: Place): boolean {
  if (found.attempt !== entrant.attempt) return found.attempt > entrant.attempt;
  return found.connection !== entrant.connection;
}
