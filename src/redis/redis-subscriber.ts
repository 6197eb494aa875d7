import type { Redis } from 'ioredis';
import { BatonError } from '../lib/baton-error.js';
import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import type { RedisLink, RedisPair } from './redis-link.js';
import type { DoubtCheck, RedisSubscriber } from './redis-ports.js';

type Listener = (message: string) => void;

/** One server has every key. */
const everything = (): boolean => true;

interface Channel {
  readonly name: string;
  /** Replaced, never changed: a listener may go while the others are being told. */
  listeners: readonly Listener[];
  /** On the current connection: not asked for, asked for, confirmed by Redis. */
  state: 'idle' | 'asked' | 'confirmed';
  confirmed: PromiseWithResolvers<void> | null;
}

/** Channels in one SSUBSCRIBE: one command of 10,000 would hold up whatever else Redis does. */
const CHUNK = 1_000;

/** The subscriber connection over ioredis. What is asked for in one event-loop turn goes to Redis as one command. */
export class IoredisSubscriber implements RedisSubscriber {
  private readonly channels = new Map<string, Channel>();
  private readonly changed = new Set<Channel>();
  private readonly checks: DoubtCheck[] = [];
  private client: Redis | null = null;
  private flushing = false;
  private wasUp = false;

  constructor(
    private readonly link: RedisLink,
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {
    link.prepare((pair) => this.restore(pair));
    link.onUp(() => this.up());
    link.onDown(() => this.down());
  }

  async subscribe(name: string, listener: Listener): Promise<void> {
    const channel = this.listen(name, listener);
    if (channel.state === 'confirmed') return;
    channel.confirmed ??= Promise.withResolvers();
    try {
      await withDeadline(this.clock, 'a subscription', this.timeoutMs, channel.confirmed.promise);
    } catch (cause) {
      this.unsubscribe(name, listener);
      throw new BatonError('unavailable', undefined, { cause });
    }
  }

  /** Subscribes without waiting: the listener stays, however long Redis is away. */
  listen(name: string, listener: Listener): Channel {
    let channel = this.channels.get(name);
    if (!channel) {
      channel = { name, listeners: [], state: 'idle', confirmed: null };
      this.channels.set(name, channel);
    }
    channel.listeners = [...channel.listeners, listener];
    if (channel.state === 'idle') this.change(channel);
    return channel;
  }

  unsubscribe(name: string, listener: Listener): void {
    const channel = this.channels.get(name);
    if (!channel) return;
    const at = channel.listeners.indexOf(listener);
    if (at < 0) return;
    channel.listeners = channel.listeners.toSpliced(at, 1);
    if (channel.listeners.length === 0) this.change(channel);
  }

  onDoubt(check: DoubtCheck): void {
    this.checks.push(check);
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
    this.join(client, wanted).catch(() => {
      if (this.client === client) this.link.lose('a subscription was not confirmed');
    });
  }

  private async join(client: Redis, channels: readonly Channel[]): Promise<void> {
    const commands: Promise<void>[] = [];
    for (let from = 0; from < channels.length; from += CHUNK) {
      commands.push(this.joinChunk(client, channels.slice(from, from + CHUNK)));
    }
    await Promise.all(commands);
  }

  private async joinChunk(client: Redis, channels: readonly Channel[]): Promise<void> {
    for (const channel of channels) channel.state = 'asked';
    await client.ssubscribe(...channels.map((channel) => channel.name));
    if (this.client !== client) return;
    for (const channel of channels) {
      if (channel.state === 'asked') channel.state = 'confirmed';
      channel.confirmed?.resolve();
      channel.confirmed = null;
    }
  }

  /** A channel that is wanted again later is another object: a confirmation under way for this one doesn't count for it. */
  private leave(client: Redis, channels: readonly Channel[]): void {
    const asked = channels.filter((channel) => channel.state !== 'idle').map((channel) => channel.name);
    for (const channel of channels) {
      channel.state = 'idle';
      this.channels.delete(channel.name);
    }
    if (asked.length === 0) return;
    client.sunsubscribe(...asked).catch(() => {
      if (this.client === client) this.link.lose('a subscription could not be ended');
    });
  }

  private async restore({ subscriber }: RedisPair): Promise<void> {
    this.client = subscriber;
    subscriber.on('smessage', (name: string, message: string) => this.tell(name, message));
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

  private tell(name: string, message: string): void {
    const channel = this.channels.get(name);
    if (!channel) return;
    const { listeners } = channel;
    for (const listener of listeners) {
      if (channel.listeners === listeners || channel.listeners.includes(listener)) listener(message);
    }
  }

  private up(): void {
    if (this.wasUp) for (const check of this.checks) check(everything);
    this.wasUp = true;
  }

  private down(): void {
    this.client = null;
    for (const channel of this.channels.values()) channel.state = 'idle';
  }
}
