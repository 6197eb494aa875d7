import type { Client, Subscription } from '../../src/client/index.js';
import type { HistoryAnswer } from './page/backend-api.js';
import { parseMessage, type ChatMessage } from './page/chat-message.js';

const kept = 200;

/** What was last said in a room. The backend listens with a session of its own, so that it misses nothing either. */
export class RoomHistory {
  private messages: readonly ChatMessage[] = [];
  private readonly subscription: Subscription;

  constructor(client: Client, room: string) {
    this.subscription = client.subscribe(`channel:${room}`, ({ data }) => {
      const message = parseMessage(data);
      if (message !== null) this.messages = [...this.messages.slice(1 - kept), message];
    });
  }

  /** Messages and position are of the same moment: whoever subscribes from there gets exactly what follows them. */
  async read(): Promise<HistoryAnswer> {
    const ready = await this.subscription.ready;
    return { messages: this.messages, position: this.subscription.position ?? ready };
  }
}
