import type { SessionId, TenantId, UserId } from '../protocol/ids.js';

/** Every type of event, with the letter under which Redis keeps it. */
export const eventLetters = {
  'session.connected': 'c',
  'session.disconnected': 'd',
  'session.expired': 'x',
  'session.ended': 'e',
} as const;

export type EventType = keyof typeof eventLetters;

export const eventTypes = Object.keys(eventLetters) as readonly EventType[];

export const typeOfLetter = (letter: string): EventType | null =>
  eventTypes.find((type) => eventLetters[type] === letter) ?? null;

/** What a receiver is told of a session; it is the same in every sending. */
export interface WebhookEvent {
  readonly id: string;
  readonly type: EventType;
  /** Ms since 1970 (Redis' clock); among the events of one session each later one has more. */
  readonly atMs: number;
  readonly session: SessionId;
  readonly user: UserId;
}

/** The body of every sending of this event, to the byte. */
export function bodyOf(tenant: TenantId, { type, atMs, session, user }: WebhookEvent): string {
  return JSON.stringify({ type, timestamp: new Date(atMs).toISOString(), data: { tenant, session, user } });
}
