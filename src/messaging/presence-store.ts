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
import type { PresenceKeys } from '../redis/keys.js';

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

/** Who is in which channel. Every call is idempotent and rejects with BatonError `unavailable`. */
export interface PresenceStore {
  /** Names the channel; what changes in it is told on `told`, as text for parsePresenceChange. */
  keysOf(tenant: TenantId, channel: ChannelName): PresenceKeys;
  /**
   * Also a refresh and, with a higher attempt, another owner. The changes until then; null: a higher attempt is there.
   * Rejects with BatonError `channel-full` when as many others are in it as may be.
   */
  enter(keys: PresenceKeys, entrant: Entrant): Promise<number | null>;
  leave(keys: PresenceKeys, session: SessionId, connection: ConnectionId): Promise<void>;
  /** What these pods vouched for goes, a hundred entries at a time: how many went. Below a hundred there are no more. */
  clear(keys: PresenceKeys, pods: readonly PodId[]): Promise<number>;
  /** Without those that nobody has refreshed for two sweeps. */
  list(keys: PresenceKeys): Promise<PresenceList>;
}

/** Entries that one `clear` removes. */
export const MOST_CLEARED = 100;

export const PRESENCE_STORE = Symbol('PresenceStore');

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

export function memberOf([session, user, since, pod]: readonly [string, string, string, string]): Member {
  return { session: asSessionId(session), user: asUserId(user), since: Number(since), pod: asPodId(pod) };
}
