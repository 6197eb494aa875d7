import type { PresenceEntry, PresenceFrame } from '../protocol/frames.js';
import { ClientError } from './client-error.js';
import { Emitter } from './emitter.js';

/** What is told about a channel. */
export interface PresenceEvents {
  /** Everybody, after each `welcome`: replaces what was known. */
  readonly snapshot: readonly PresenceEntry[];
  /** A session came into the channel. */
  readonly join: PresenceEntry;
  /** A session left, or is gone for longer than a hand-over or a short loss takes. */
  readonly leave: PresenceEntry;
  /** The service refuses it: nobody is known to be there until a snapshot says so. It is asked for again after each `welcome`. */
  readonly refused: ClientError;
}

/** One use of a channel's presence: the session is in the channel, and hears who else is, until it is closed. */
export interface Presence {
  /** The channel's name, without `channel:`. */
  readonly channel: string;
  /** Resolves with the first snapshot; rejects with ClientError if it is refused or closed before. */
  readonly ready: Promise<void>;
  /** Everybody who is known to be there, this session included; empty before the first snapshot. */
  readonly entries: readonly PresenceEntry[];
  /** Returns the function that removes the listener. */
  on<Name extends keyof PresenceEvents>(name: Name, listener: (event: PresenceEvents[Name]) => void): () => void;
  /** The session leaves the channel, unless another use of it is left. */
  close(): void;
}

/** A presence with its client's side. */
export class OpenPresence implements Presence {
  readonly #settle = Promise.withResolvers<undefined>();
  readonly ready = this.#settle.promise;
  readonly #events: Emitter<PresenceEvents>;
  #open = true;

  constructor(
    readonly channel: string,
    private readonly owner: {
      entries(channel: string): readonly PresenceEntry[];
      close(presence: OpenPresence): void;
      callbackThrew(error: unknown): void;
    },
  ) {
    this.ready.catch(() => undefined);
    this.#events = new Emitter((error) => {
      owner.callbackThrew(error);
    });
  }

  /** Who is there, as last heard. */
  get entries(): readonly PresenceEntry[] {
    return this.owner.entries(this.channel);
  }

  on<Name extends keyof PresenceEvents>(name: Name, listener: (event: PresenceEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  close(): void {
    if (!this.#open) return;
    this.end(new ClientError('closed', 'the presence was closed'));
    this.owner.close(this);
  }

  /** For the client. */
  told(event: PresenceFrame['event'], entries: readonly PresenceEntry[]): void {
    if (!this.#open) return;
    if (event === 'snapshot') {
      this.#settle.resolve(undefined);
      this.#events.emit('snapshot', entries);
    } else for (const entry of entries) this.#events.emit(event, entry);
  }

  /** For the client. */
  refused(error: ClientError): void {
    if (!this.#open) return;
    this.#settle.reject(error);
    this.#events.emit('refused', error);
  }

  /** For the client. */
  end(error: ClientError): void {
    this.#open = false;
    this.#settle.reject(error);
  }
}
