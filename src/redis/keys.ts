import type { PodId, PublisherId, SessionId, TenantId, UserId } from '../protocol/ids.js';
import type { ChannelName } from '../protocol/ids.js';

/** Whose log a stream is; the tenant comes from a verified credential. */
export type StreamOwner =
  | { readonly kind: 'session'; readonly tenant: TenantId; readonly session: SessionId }
  | { readonly kind: 'user'; readonly tenant: TenantId; readonly user: UserId }
  | { readonly kind: 'tenant'; readonly tenant: TenantId }
  | { readonly kind: 'channel'; readonly tenant: TenantId; readonly channel: ChannelName };

export interface StreamKeys {
  /**
   * stream: entries `0-<offset>` with id, prev, time, bytes until then, data. TTL: window, refreshed by append.
   * Owner: append.
   */
  readonly log: string;
  /**
   * hash: epoch (the log's own id), offset, id, bytes appended and kept, when to trim. TTL: session TTL + window
   * or two sweeps, refreshed by append and read. Owner: append, read.
   */
  readonly top: string;
  /**
   * channel: what is appended; of a session also its claims and its end. TTL: none. Owner: append, claim, end-session.
   */
  readonly live: string;
  /**
   * hash: last seq, of the last 1,024 seqs those that were refused and the jumps. TTL: as the log's top + 1 min, refreshed by append and touch.
   * Owner: append, touch.
   */
  publisher(session: SessionId, publisher: PublisherId): string;
  /** string: offset of an HTTP send. TTL: window. Owner: append. */
  idempotency(hash: string): string;
}

export interface PresenceKeys {
  /**
   * hash: session -> user, since, pod, attempt, connection, last refresh; `#` counts changes. TTL: two sweeps, refreshed
   * by the sweep. Owner: presence-enter, presence-leave, presence-clear, presence-list.
   */
  readonly here: string;
  /**
   * channel: who has come and gone. TTL: none. Owner: presence-enter, presence-leave, presence-clear, presence-list.
   */
  readonly told: string;
}

/** Of one tenant's webhooks; all in one slot. */
export interface WebhookKeys {
  /**
   * hash: session -> what its receiver was told, who holds it. TTL: retries + session TTL + two sweeps, refreshed by announce and take.
   * Owner: webhook-announce.
   */
  readonly announced: string;
  /** sorted set: sessions by when their rows are looked at next. TTL: as announced. Owner: webhook-announce, webhook-take, webhook-orphans. */
  readonly looks: string;
  /** sorted set: `<pod>/<session>`, to look at when a pod is gone. TTL: as announced. Owner: webhook-announce, webhook-orphans. */
  readonly held: string;
  /** sorted set: events by when they are sent next. TTL: as announced. Owner: webhook-announce, webhook-take, webhook-settle. */
  readonly queue: string;
  /** sorted set: events by when they were enqueued. TTL: as announced. Owner: webhook-announce, webhook-settle. */
  readonly ages: string;
  /** hash: event -> tries, what it says. TTL: as announced. Owner: webhook-announce, webhook-take, webhook-settle. */
  readonly events: string;
}

/**
 * Builds every key of Baton. The hash tag in braces makes all keys of one thing share a slot of Redis Cluster, so that
 * one script changes them atomically. docs/redis-keys.md is checked against this file.
 */
export class RedisKeys {
  constructor(private readonly prefix: string) {}

  stream(owner: StreamOwner): StreamKeys {
    const tag = `${this.prefix}{${tagOf(owner)}}`;
    return {
      log: `${tag}:log`,
      top: `${tag}:top`,
      live: `${tag}:live`,
      publisher: (session, publisher) => `${tag}:pub:${session}/${publisher}`,
      idempotency: (hash) => `${tag}:idem:${hash}`,
    };
  }

  /** hash: the session's row. TTL: owned: session TTL + two sweeps; detached: session TTL. Owner: claim, detach. */
  sessionRow(tenant: TenantId, session: SessionId): string {
    return `${this.prefix}{${tagOf({ kind: 'session', tenant, session })}}:row`;
  }
  presence(tenant: TenantId, channel: ChannelName): PresenceKeys {
    const tag = `${this.prefix}{${tagOf({ kind: 'channel', tenant, channel })}}`;
    return { here: `${tag}:here`, told: `${tag}:told` };
  }
  /**
   * sorted set: the user's sessions by expiry: hints. TTL: that of an owned row, refreshed by every claim.
   * Owner: index-sessions, list-sessions, unlist-sessions.
   */
  userSessions(tenant: TenantId, user: UserId): string {
    return `${this.prefix}{${tagOf({ kind: 'user', tenant, user })}}:sessions`;
  }
  /**
   * sorted set: the tenant's sessions by expiry: hints. TTL: that of an owned row, refreshed by every claim.
   * Owner: index-sessions, list-sessions, unlist-sessions.
   */
  tenantSessions(tenant: TenantId): string {
    return `${this.prefix}{${tagOf({ kind: 'tenant', tenant })}}:sessions`;
  }
  /** pub/sub channel of the session: shared with its stream's live channel. */
  sessionLive(tenant: TenantId, session: SessionId): string {
    return this.stream({ kind: 'session', tenant, session }).live;
  }
  webhooks(tenant: TenantId): WebhookKeys {
    const tag = `${this.prefix}{${tenant}/w}`;
    return {
      announced: `${tag}:announced`,
      looks: `${tag}:looks`,
      held: `${tag}:held`,
      queue: `${tag}:queue`,
      ages: `${tag}:ages`,
      events: `${tag}:events`,
    };
  }
  /** sorted set: pods by their last beat. TTL: 60 s, refreshed and trimmed of the dead by every beat. Owner: beat, leave. */
  get pods(): string {
    return `${this.prefix}{fleet}:pods`;
  }
  /** channel: numbers that a pod publishes to itself, to see that they come back. TTL: none. Owner: canary. */
  canary(id: string): string {
    return `${this.prefix}{canary/${id}}:canary`;
  }
  /** string (JSON): one pod's row. TTL: 10 s, written by its beat every 2 s. Owner: beat, leave. */
  pod(pod: PodId): string {
    return `${this.prefix}{fleet}:pod:${pod}`;
  }
  /** hash: token bucket for hand-overs of all draining pods. TTL: 60 s. Owner: take-pace. */
  get pace(): string {
    return `${this.prefix}{fleet}:pace`;
  }
}

/** The hash tag's text: tenant, a letter for the kind, the name. No id contains `{`, `}` and no tenant `/`. */
function tagOf(owner: StreamOwner): string {
  switch (owner.kind) {
    case 'session':
      return `${owner.tenant}/s/${owner.session}`;
    case 'user':
      return `${owner.tenant}/u/${owner.user}`;
    case 'tenant':
      return `${owner.tenant}/t`;
    case 'channel':
      return `${owner.tenant}/c/${owner.channel}`;
  }
}
