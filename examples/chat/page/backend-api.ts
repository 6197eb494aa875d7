import type { Position } from './baton.js';
import type { ChatMessage } from './chat-message.js';

export interface RoomInfo {
  readonly name: string;
  readonly topic: string;
}

export interface ChatInfo {
  /** Where Baton is: a ws: or wss: URL. */
  readonly url: string;
  readonly rooms: readonly RoomInfo[];
}

/** What was said, and the position in the room's stream right after it: whoever subscribes from there misses nothing. */
export interface HistoryAnswer {
  readonly messages: readonly ChatMessage[];
  readonly position: Position;
}

export const chatInfo = (): Promise<ChatInfo> => call('api/chat');

export const historyOf = (room: string): Promise<HistoryAnswer> => call(`api/rooms/${room}/messages`);

/** A short-lived token of Baton for somebody of this name. */
export async function tokenFor(name: string): Promise<string> {
  const body = JSON.stringify({ name });
  const { token } = await call<{ token: string }>('api/token', { method: 'POST', body });
  return token;
}

async function call<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(path, { ...init, headers: { 'content-type': 'application/json' } });
  if (!response.ok) throw new Error((await response.text()) || `the chat answered ${String(response.status)}`);
  return (await response.json()) as Answer;
}
