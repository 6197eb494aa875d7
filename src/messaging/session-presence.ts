import { backoffMs } from '../lib/backoff.js';
import { BatonError } from '../lib/baton-error.js';
import type { Clock, Timer } from '../lib/clock.js';
import { errorCodes, type ErrorName } from '../protocol/error-codes.js';
import type { PresenceFrame } from '../protocol/frames.js';
import type { ChannelName, ConnectionId, PodId } from '../protocol/ids.js';
import type { PresenceKeys } from '../redis/keys.js';
import type { FrameWriter } from './frame-writer.js';
import type { Member } from './presence-store.js';
import type { OpenRoom, Participant, PresenceRooms } from './presence-rooms.js';
import type { SessionIdentity } from './session-identity.js';
import { sessionMay } from './session-permission.js';

export interface SessionPresencePorts {
  readonly rooms: PresenceRooms;
  readonly clock: Clock;
  readonly channelsPerSession: number;
}

/** The connection that holds the session. */
export interface Holder {
  readonly pod: PodId;
  readonly attempt: number;
  readonly connection: ConnectionId;
}

interface Place {
  /** Redis may have the session in them however its entering ended. */
  readonly keys: PresenceKeys;
  open: OpenRoom | null;
  watching: boolean;
  retry: Timer | null;
  failures: number;
}

const NO_PLACES: ReadonlyMap<ChannelName, Place> = new Map();

const RETRY = { baseMs: 250, maxMs: 5_000 } as const;

/** The channels that one connection's session is in, and hears of. */
export class SessionPresence implements Participant {
  /** Made with the first: most clients are in none. */
  private entered: Map<ChannelName, Place> | null = null;
  private closed = false;
  /**
   * Their turn comes when the socket has room: many channels together are larger than its queue. One a channel: whoever
   * asks again and again and doesn't read gets one.
   */
  private snapshots: Map<ChannelName, () => void> | null = null;
  private waitsForRoom = false;

  constructor(
    private readonly ports: SessionPresencePorts,
    private readonly writer: FrameWriter,
    private identity: SessionIdentity,
    private readonly holder: Holder,
  ) {}

  private get places(): ReadonlyMap<ChannelName, Place> {
    return this.entered ?? NO_PLACES;
  }

  set(channel: ChannelName, on: boolean): void {
    if (this.closed) return;
    const place = this.places.get(channel);
    if (!on) {
      if (place) this.leave(channel, place, false);
    } else if (!sessionMay(this.identity, `channel:${channel}`, 'presence')) {
      if (place) this.leave(channel, place, false);
      this.refuse(channel, 'forbidden');
    } else if (place) {
      // Asked again: it gets another snapshot.
      place.open?.room.unwatch(this);
      place.watching = false;
      void this.enter(channel, place);
    } else if (this.places.size >= this.ports.channelsPerSession) this.refuse(channel, 'too-many-streams');
    else {
      const keys = this.ports.rooms.store.keysOf(this.identity.tenant, channel);
      const entered = { keys, open: null, watching: false, retry: null, failures: 0 };
      (this.entered ??= new Map<ChannelName, Place>()).set(channel, entered);
      void this.enter(channel, entered);
    }
  }

  /** New grants: where they no longer allow it, the session leaves. */
  renew(identity: SessionIdentity): void {
    this.identity = identity;
    for (const channel of this.places.keys()) this.refresh(channel);
  }

  /** The sweep: Redis keeps the places of a session that is connected. */
  touch(): void {
    for (const channel of this.places.keys()) void this.reenter(channel);
  }

  async reenter(channel: ChannelName): Promise<void> {
    const place = this.places.get(channel);
    if (place) await this.enter(channel, place);
  }

  removed(channel: ChannelName, { session, pod }: Member): void {
    if (session === this.identity.session && pod === this.holder.pod) void this.reenter(channel);
  }

  tell(frame: PresenceFrame): void {
    if (this.places.has(frame.channel)) this.writer.send(frame);
  }

  whenReady(channel: ChannelName, run: () => void): void {
    this.snapshots ??= new Map<ChannelName, () => void>();
    this.snapshots.set(channel, run);
    this.nextSnapshot(this.snapshots);
  }

  /** `forGood`: the session has ended. Otherwise it has some seconds to come back before anybody sees it leave. */
  close(forGood: boolean): void {
    if (this.closed) return;
    this.closed = true;
    for (const [channel, place] of this.places) this.leave(channel, place, !forGood);
  }

  private nextSnapshot(snapshots: Map<ChannelName, () => void>): void {
    if (this.waitsForRoom) return;
    this.waitsForRoom = true;
    this.writer.whenDrained(() => {
      this.waitsForRoom = false;
      for (const [channel, run] of snapshots) {
        snapshots.delete(channel);
        run();
        break;
      }
      if (snapshots.size > 0) this.nextSnapshot(snapshots);
    });
  }

  private refresh(channel: ChannelName): void {
    if (sessionMay(this.identity, `channel:${channel}`, 'presence')) return;
    const place = this.places.get(channel);
    if (place) this.leave(channel, place, false);
    this.refuse(channel, 'forbidden');
  }

  private leave(channel: ChannelName, place: Place, late: boolean): void {
    this.entered?.delete(channel);
    this.snapshots?.delete(channel);
    place.retry?.cancel();
    if (place.open) this.ports.rooms.part(place.open, this);
    this.ports.rooms.leave(place.keys, this.identity.session, this.holder.connection, late);
  }

  private async enter(channel: ChannelName, place: Place): Promise<void> {
    if (this.places.get(channel) !== place) return;
    place.retry?.cancel();
    place.retry = null;
    const { session, user, tenant } = this.identity;
    place.open ??= this.ports.rooms.join(tenant, channel, this);
    const { open } = place;
    try {
      await open.listening;
      if (this.places.get(channel) !== place) return;
      const isWanted = (): boolean => this.places.get(channel) === place;
      const changes = await this.ports.rooms.enter(place.keys, { session, user, ...this.holder }, isWanted);
      // Another that was under way may have failed, and parted.
      if (this.places.get(channel) !== place || place.open !== open) return;
      place.failures = 0;
      // Null: the session is elsewhere, as this connection is about to be told.
      if (changes === null || place.watching) return;
      place.watching = true;
      open.room.watch(this, changes);
    } catch (error) {
      this.failed(channel, place, error);
    }
  }

  private failed(channel: ChannelName, place: Place, error: unknown): void {
    if (this.places.get(channel) !== place) return;
    if (!(error instanceof BatonError) || error.code !== 'unavailable') {
      this.leave(channel, place, false);
      this.refuse(channel, error instanceof BatonError ? error.code : 'internal');
      return;
    }
    if (!place.watching && place.open) {
      // Nothing may be heard in it: it is opened anew.
      this.ports.rooms.part(place.open, this);
      place.open = null;
    }
    place.failures += 1;
    place.retry?.cancel();
    place.retry = this.ports.clock.after(backoffMs(place.failures, RETRY.baseMs, RETRY.maxMs), () => {
      void this.enter(channel, place);
    });
  }

  private refuse(channel: ChannelName, code: ErrorName): void {
    const message = `presence of channel:${channel}: ${errorCodes[code].meaning}`;
    this.writer.send({ type: 'error', code, message, channel });
  }
}
