import type { Redis } from 'ioredis';
import { slotOf } from './key-slot.js';
import { saysMoved } from './redis-error.js';
import type { RedisLink, RedisPair } from './redis-link.js';

export type Listener = (message: string) => void;

export interface Channel {
  readonly name: string;
  readonly slot: number;
  /** Replaced, never changed: a listener may go while the others are being told. */
  listeners: readonly Listener[];
  /** On the current connection: not asked for, asked for, confirmed by Redis. */
  state: 'idle' | 'asked' | 'confirmed';
  confirmed: PromiseWithResolvers<void> | null;
}

export interface SubscriptionRules {
  /** A command names channels of one slot only. */
  readonly bySlot: boolean;
  /** Redis has ended subscriptions by itself, or refuses them: these channels live elsewhere now. */
  readonly onUprooted: (channels: readonly string[]) => void;
}

/** Channels in one SSUBSCRIBE: one command of 10,000 would hold up whatever else Redis does. */
const CHUNK = 1_000;

/** The subscriber connection to one node. What is asked for in one event-loop turn goes to Redis in one write. */
export class NodeSubscriptions {
  private readonly channels = new Map<string, Channel>();
  private readonly changed = new Set<Channel>();
  private client: Redis | null = null;
  private flushing = false;
  private comparing = false;

  constructor(
    private readonly link: RedisLink,
    private readonly rules: SubscriptionRules,
  ) {
    link.prepare((pair) => this.restore(pair));
    link.onDown(() => this.down());
  }

  /** Subscribes without waiting: the listener stays, however long Redis is away. */
  listen(name: string, listener: Listener): Channel {
    let channel = this.channels.get(name);
    if (!channel) {
      channel = { name, slot: slotOf(name), listeners: [], state: 'idle', confirmed: null };
      this.channels.set(name, channel);
    }
    channel.listeners = [...channel.listeners, listener];
    if (channel.state === 'idle') this.change(channel);
    return channel;
  }

  unlisten(name: string, listener: Listener): void {
    const channel = this.channels.get(name);
    if (!channel) return;
    const at = channel.listeners.indexOf(listener);
    if (at < 0) return;
    channel.listeners = channel.listeners.toSpliced(at, 1);
    if (channel.listeners.length === 0) this.change(channel);
  }

  /** Gives these channels away: what still arrives for them is from before, and nobody is told. */
  release(slots: ReadonlySet<number>): readonly Channel[] {
    const released = [...this.channels.values()].filter(({ slot }) => slots.has(slot));
    const asked = released.filter(({ state }) => state !== 'idle').map(({ name }) => name);
    for (const channel of released) {
      channel.state = 'idle';
      this.channels.delete(channel.name);
      this.changed.delete(channel);
    }
    // A node that has given the slot away has ended them itself, and refuses this.
    for (const name of asked) this.client?.sunsubscribe(name).catch(() => undefined);
    return released.filter(({ listeners }) => listeners.length > 0);
  }

  /**
   * Takes channels over from another node. Resolves when all are confirmed, at once while there is no connection; rejects
   * if they aren't, when the connections have been given up.
   */
  async adopt(channels: readonly Channel[]): Promise<void> {
    for (const channel of channels) this.channels.set(channel.name, channel);
    const { client } = this;
    if (client) await this.joinOrLose(client, channels);
  }

  private change(channel: Channel): void {
    this.changed.add(channel);
    if (this.flushing) return;
    this.flushing = true;
    setImmediate(() => {
      this.flushing = false;
      this.flush();
    });
  }

  private flush(): void {
    const { client } = this;
    if (!client) return;
    const wanted: Channel[] = [];
    const unwanted: Channel[] = [];
    for (const channel of this.changed) {
      if (channel.listeners.length === 0) unwanted.push(channel);
      else if (channel.state === 'idle') wanted.push(channel);
    }
    this.changed.clear();
    this.leave(client, unwanted);
    this.joinOrLose(client, wanted).catch(() => undefined);
  }

  private async joinOrLose(client: Redis, channels: readonly Channel[]): Promise<void> {
    try {
      await this.join(client, channels);
    } catch (error) {
      if (this.client === client) this.link.lose('a subscription was not confirmed');
      throw error;
    }
  }

  private async join(client: Redis, channels: readonly Channel[]): Promise<void> {
    // The kernel's write costs more than the command.
    client.stream.cork();
    const commands = chunksOf(channels, this.rules.bySlot).map((chunk) => this.joinChunk(client, chunk));
    client.stream.uncork();
    await Promise.all(commands);
  }

  private async joinChunk(client: Redis, channels: readonly Channel[]): Promise<void> {
    for (const channel of channels) channel.state = 'asked';
    try {
      await client.ssubscribe(...channels.map((channel) => channel.name));
    } catch (error) {
      if (!this.rules.bySlot || !saysMoved(error) || this.client !== client) throw error;
      this.uproot(channels.filter((channel) => this.channels.get(channel.name) === channel));
      return;
    }
    if (this.client !== client) return;
    for (const channel of channels) {
      if (this.channels.get(channel.name) !== channel) continue;
      if (channel.state === 'asked') channel.state = 'confirmed';
      channel.confirmed?.resolve();
      channel.confirmed = null;
    }
  }

  /** A channel that is wanted again later is another object: a confirmation under way for this one doesn't count for it. */
  private leave(client: Redis, channels: readonly Channel[]): void {
    const asked = channels.filter((channel) => channel.state !== 'idle');
    for (const channel of channels) {
      channel.state = 'idle';
      if (this.channels.get(channel.name) === channel) this.channels.delete(channel.name);
    }
    for (const chunk of chunksOf(asked, this.rules.bySlot)) {
      client.sunsubscribe(...chunk.map(({ name }) => name)).catch((error: unknown) => {
        if (this.rules.bySlot && saysMoved(error)) return;
        if (this.client === client) this.link.lose('a subscription could not be ended');
      });
    }
  }

  private async restore({ subscriber }: RedisPair): Promise<void> {
    this.client = subscriber;
    // A pair that is given up before it was up goes without onDown.
    subscriber.once('end', () => {
      if (this.client === subscriber) this.down();
    });
    subscriber.on('smessage', (name: string, message: string) => {
      if (this.client === subscriber) this.tell(name, message);
    });
    // The library's name for an end of a subscription that nobody asked for.
    subscriber.on('moved', () => this.compare(subscriber));
    this.changed.clear();
    for (const channel of this.channels.values()) {
      channel.state = 'idle';
      if (channel.listeners.length === 0) this.channels.delete(channel.name);
    }
    try {
      await this.join(subscriber, [...this.channels.values()]);
    } catch (error) {
      this.down();
      throw error;
    }
  }

  /** Once for all that a slot takes with it. */
  private compare(client: Redis): void {
    if (this.comparing) return;
    this.comparing = true;
    setImmediate(() => {
      this.comparing = false;
      if (this.client !== client) return;
      const left = new Set(subscribedTo(client));
      this.uproot([...this.channels.values()].filter(({ name, state }) => state === 'confirmed' && !left.has(name)));
    });
  }

  private uproot(channels: readonly Channel[]): void {
    if (channels.length === 0) return;
    for (const channel of channels) channel.state = 'idle';
    this.rules.onUprooted(channels.map(({ name }) => name));
  }

  private tell(name: string, message: string): void {
    const channel = this.channels.get(name);
    if (!channel) return;
    const { listeners } = channel;
    for (const listener of listeners) {
      if (channel.listeners === listeners || channel.listeners.includes(listener)) listener(message);
    }
  }

  private down(): void {
    this.client = null;
    for (const channel of this.channels.values()) channel.state = 'idle';
  }
}

/** What the library believes to be subscribed to: after each end that Redis told, that is what Redis believes. */
function subscribedTo({ condition }: Redis): readonly string[] {
  const subscriber = condition?.subscriber;
  return subscriber ? subscriber.channels('ssubscribe') : [];
}

function chunksOf(channels: readonly Channel[], bySlot: boolean): readonly (readonly Channel[])[] {
  const groups = bySlot ? [...Map.groupBy(channels, ({ slot }) => slot).values()] : [channels];
  return groups.flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / CHUNK) }, (_, at) => group.slice(at * CHUNK, (at + 1) * CHUNK)),
  );
}
