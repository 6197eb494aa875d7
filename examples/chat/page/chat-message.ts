import type { Json } from './baton.js';

/** What the application puts into a message; whoever may publish to a room may put anything, so it is checked. */
export interface ChatMessage {
  /** Made by the sender, so that it knows its own message again when the room delivers it. */
  readonly id: string;
  readonly from: string;
  readonly text: string;
  /** ms since 1970, by the sender's clock. */
  readonly at: number;
}

/** Null if it isn't one. */
export function parseMessage(data: Json): ChatMessage | null {
  if (typeof data !== 'object' || data === null || !('id' in data)) return null;
  const { id, from, text, at } = data;
  const isOne =
    typeof id === 'string' && typeof from === 'string' && typeof text === 'string' && typeof at === 'number';
  return isOne ? { id, from, text, at } : null;
}
