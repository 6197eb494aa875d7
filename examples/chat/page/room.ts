import type { Client, Message, Subscription } from './baton.js';
import { historyOf, type RoomInfo } from './backend-api.js';
import { parseMessage, type ChatMessage } from './chat-message.js';

/** `sending` until it is in the room's log: through a rollout or a tunnel that takes a little longer. */
export interface ShownMessage extends ChatMessage {
  readonly state: 'said' | 'sending' | 'failed';
}

/** What was said in a room, and what is being said. */
export class Room {
  unread = 0;
  private said: ChatMessage[] = [];
  private readonly own = new Map<string, ShownMessage>();
  private subscription: Subscription | null = null;

  /** @param changed is called whenever there is something new to show */
  constructor(
    readonly info: RoomInfo,
    private readonly client: Client,
    private readonly changed: (room: Room) => void,
  ) {}

  /** What others and we have said, in the order of the log, then what isn't in it yet. */
  get messages(): readonly ShownMessage[] {
    return [...this.said.map((message) => ({ ...message, state: 'said' as const })), ...this.own.values()];
  }

  /** The history, and everything that follows it: nothing is missed between the two. */
  async open(): Promise<void> {
    const { messages, position } = await historyOf(this.info.name);
    this.take(messages);
    this.subscription = this.client.subscribe(
      `channel:${this.info.name}`,
      (message) => {
        this.receive(message);
      },
      { from: position },
    );
    // So much was missed that Baton no longer keeps it: the history has it.
    this.subscription.on('reset', () => void this.reload());
  }

  /** Shown at once; Baton keeps trying until it is in the log, once. */
  async say(from: string, text: string): Promise<void> {
    const message: ChatMessage = { id: crypto.randomUUID(), from, text, at: Date.now() };
    this.own.set(message.id, { ...message, state: 'sending' });
    this.changed(this);
    try {
      await this.client.publish(`channel:${this.info.name}`, { ...message });
    } catch {
      // Its end is unknown, or it was refused: if it is in the log after all, it will be delivered like any other.
      if (this.own.has(message.id)) this.own.set(message.id, { ...message, state: 'failed' });
      this.changed(this);
    }
  }

  private receive({ data }: Message): void {
    const message = parseMessage(data);
    if (message === null) return;
    if (!this.own.delete(message.id)) this.unread += 1;
    this.said.push(message);
    this.changed(this);
  }

  private async reload(): Promise<void> {
    const { messages } = await historyOf(this.info.name);
    this.take(messages);
  }

  /** History, and what has come since it was asked for. */
  private take(messages: readonly ChatMessage[]): void {
    const known = new Set(messages.map(({ id }) => id));
    this.said = [...messages, ...this.said.filter(({ id }) => !known.has(id))];
    for (const { id } of messages) this.own.delete(id);
    this.changed(this);
  }
}
