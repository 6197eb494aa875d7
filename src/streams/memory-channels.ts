import type { RedisSubscriber } from '../redis/redis-ports.js';

type Listener = (message: string) => void;

/** Pub/sub in one process. A message arrives in a later turn, in order, as from a connection that is never lost. */
export class MemoryChannels implements RedisSubscriber {
  private readonly channels = new Map<string, readonly Listener[]>();

  subscribe(channel: string, listener: Listener): Promise<void> {
    this.channels.set(channel, [...this.listenersOf(channel), listener]);
    return Promise.resolve();
  }
  unsubscribe(channel: string, listener: Listener): void {
    const left = this.listenersOf(channel).filter((each) => each !== listener);
    if (left.length > 0) this.channels.set(channel, left);
    else this.channels.delete(channel);
  }
  onDoubt(): void {
    // Nothing is ever lost here.
  }

  publish(channel: string, message: string): void {
    const told = this.listenersOf(channel);
    if (told.length === 0) return;
    setImmediate(() => {
      for (const listener of told) if (this.listenersOf(channel).includes(listener)) listener(message);
    });
  }

  private listenersOf(channel: string): readonly Listener[] {
    return this.channels.get(channel) ?? [];
  }
}
