import { asConnectionId } from '../protocol/ids.js';
import type { RedisKeys } from '../redis/keys.js';
import type { RedisSubscriber } from '../redis/redis-ports.js';
import type { SessionEvent, SessionEvents, SessionKey } from './session-store.js';

/** What claim.lua and end-session.lua publish on the session's live channel, which its stream shares. */
export class RedisSessionEvents implements SessionEvents {
  constructor(
    private readonly subscriber: RedisSubscriber,
    private readonly keys: RedisKeys,
  ) {}

  async listen(key: SessionKey, listener: (event: SessionEvent) => void): Promise<() => void> {
    const channel = this.keys.sessionLive(key.tenant, key.session);
    let listening = true;
    const hear = (message: string): void => {
      const event = listening ? parseSessionEvent(message) : null;
      if (event) listener(event);
    };
    const unlisten = (): void => {
      if (!listening) return;
      listening = false;
      this.subscriber.unsubscribe(channel, hear);
    };
    try {
      await this.subscriber.subscribe(channel, hear);
    } catch (error) {
      unlisten();
      throw error;
    }
    return unlisten;
  }
}

const CLAIMED = /^c (\d{1,16}) ([A-Za-z0-9_-]{1,32})$/;

/** `c <attempt> <connection>`, `x`; null for `e...`, the stream's entries, and for what a newer version may say. */
function parseSessionEvent(message: string): SessionEvent | null {
  if (message === 'x') return { kind: 'ended' };
  // Entries come on the same channel and can be large: no pattern is tried on them.
  if (!message.startsWith('c')) return null;
  const [, attempt, connection] = CLAIMED.exec(message) ?? [];
  if (attempt === undefined || connection === undefined) return null;
  return { kind: 'claimed', attempt: Number(attempt), connection: asConnectionId(connection) };
}
