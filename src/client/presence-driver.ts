import { encodeFrame } from '../protocol/codec.js';
import type { PresenceEntry, ServerFrame } from '../protocol/frames.js';
import { isChannelName, type ChannelName } from '../protocol/ids.js';
import { badName, type ClientError } from './client-error.js';
import type { ClientSettings } from './client-options.js';
import { OpenPresence } from './presence.js';
import { retryDelayMs } from './retry-delay.js';
import { Timers } from './timers.js';

interface Channel {
  readonly uses: Set<OpenPresence>;
  entries: ReadonlyMap<string, PresenceEntry>;
  /** A snapshot of which more is to come. */
  partial: readonly PresenceEntry[];
  /** Temporary refusals since it was last answered. */
  failures: number;
}

export interface PresenceWire {
  send(connection: number, text: string): void;
  callbackThrew(error: unknown): void;
}

/** The channels that the application wants to be in: asked for again after each `welcome`. */
export class PresenceDriver {
  readonly #channels = new Map<ChannelName, Channel>();
  readonly #timers: Timers;
  #current: number | null = null;

  constructor(
    private readonly settings: Pick<ClientSettings, 'clock' | 'backoff' | 'random'>,
    private readonly wire: PresenceWire,
  ) {
    this.#timers = new Timers(settings.clock);
  }

  /** Throws ClientError `bad-stream`. */
  enter(name: string): OpenPresence {
    if (!isChannelName(name)) throw badName(name, 'channel');
    const presence = new OpenPresence(name, {
      entries: () => [...(this.#channels.get(name)?.entries.values() ?? [])],
      close: (closed) => {
        this.#close(name, closed);
      },
      callbackThrew: (error) => {
        this.wire.callbackThrew(error);
      },
    });
    const known = this.#channels.get(name);
    const channel: Channel = known ?? { uses: new Set<OpenPresence>(), entries: new Map(), partial: [], failures: 0 };
    channel.uses.add(presence);
    this.#channels.set(name, channel);
    // Also for a second use: its own snapshot follows.
    this.#ask(name, true);
    return presence;
  }

  welcomed(connection: number): void {
    this.#current = connection;
    this.#timers.cancelAll();
    for (const [name, channel] of this.#channels) {
      channel.partial = [];
      this.#ask(name, true);
    }
  }

  gone(connection: number): void {
    if (this.#current === connection) this.#current = null;
  }

  /** Only the current connection counts: its snapshot replaces what an earlier one said. */
  received(connection: number, frame: ServerFrame): void {
    if (frame.type !== 'presence') return;
    const { channel: name, event, entries, more } = frame;
    const channel = connection === this.#current ? this.#channels.get(name) : undefined;
    if (!channel) return;
    if (event === 'snapshot') {
      channel.partial = [...channel.partial, ...entries];
      if (more === true) return;
      channel.failures = 0;
      channel.entries = new Map(channel.partial.map((entry) => [entry.session, entry]));
      channel.partial = [];
    } else {
      const changed = new Map(channel.entries);
      for (const entry of entries)
        if (event === 'join') changed.set(entry.session, entry);
        else changed.delete(entry.session);
      channel.entries = changed;
    }
    const told = event === 'snapshot' ? [...channel.entries.values()] : entries;
    for (const presence of [...channel.uses]) presence.told(event, told);
  }

  /**
   * The session isn't in the channel, or no longer: what was known of it is of the past. With `retryAfterMs` it is only
   * too soon: what is known stays, and the channel is asked for again.
   */
  refused(connection: number, name: ChannelName, error: ClientError, retryAfterMs: number | undefined): void {
    const channel = connection === this.#current ? this.#channels.get(name) : undefined;
    if (!channel) return;
    if (retryAfterMs !== undefined) {
      this.#timers.start(name, retryDelayMs(this.settings, channel.failures++, retryAfterMs), () => {
        this.#ask(name, true);
      });
      return;
    }
    channel.entries = new Map();
    channel.partial = [];
    for (const presence of [...channel.uses]) presence.refused(error);
  }

  stopped(error: ClientError): void {
    for (const { uses } of this.#channels.values()) for (const presence of uses) presence.end(error);
    this.#channels.clear();
    this.#timers.cancelAll();
  }

  #close(name: ChannelName, presence: OpenPresence): void {
    const channel = this.#channels.get(name);
    channel?.uses.delete(presence);
    if (channel?.uses.size !== 0) return;
    this.#channels.delete(name);
    this.#timers.cancel(name);
    this.#ask(name, false);
  }

  #ask(channel: ChannelName, on: boolean): void {
    if (this.#current !== null) this.wire.send(this.#current, encodeFrame({ type: 'presence', channel, on }));
  }
}
