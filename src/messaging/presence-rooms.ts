import { BatonError } from '../lib/baton-error.js';
import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import type { ChannelName, ConnectionId, PodId, SessionId, TenantId } from '../protocol/ids.js';
import type { PresenceKeys } from '../redis/keys.js';
import type { RedisSubscriber } from '../redis/redis-ports.js';
import { ReadSlots, type Reader } from '../streams/read-slots.js';
import { FullChannels } from './full-channels.js';
import { PresenceLeaves } from './presence-leaves.js';
import { PresenceRoom, type Watcher } from './presence-room.js';
import type { Entrant, Member, PresenceList, PresenceStore } from './presence-store.js';

/** A watcher that is itself in the channel. */
export interface Participant extends Watcher {
  /** Says again that it is there: Redis may have lost it. */
  reenter(channel: ChannelName): Promise<void>;
  /** If it was this one's entry, it says so, too: its pod was taken for dead. */
  removed(channel: ChannelName, member: Member): void;
}

/** What is known of pods' lives. */
interface PodsInSight {
  /** Those of these that live; null: nothing is known right now. */
  among(pods: readonly PodId[]): Promise<ReadonlySet<PodId> | null>;
  /** It has just done something. */
  saw(pod: PodId): void;
}

/** Calls nobody dead who may only be late, and is asked seldom: what it calls gone is removed. */
export interface PodsGone {
  start(): void;
  stop(): void;
  gone(pods: readonly PodId[]): Promise<readonly PodId[]>;
}

export interface PresencePorts {
  readonly store: PresenceStore;
  readonly subscriber: RedisSubscriber;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pods: PodsInSight;
  readonly steady: PodsGone;
}

export interface OpenRoom {
  readonly keys: PresenceKeys;
  readonly room: PresenceRoom;
  readonly participants: Set<Participant>;
  /** Resolves when changes are heard. */
  readonly listening: Promise<void>;
}

const TICK_MS = 500;
/** After a doubt everybody says again that they are there: so many at a time, so that Redis isn't lost over it. */
const BATCH = 200;
/** Rooms that are read at the same time. */
const READS = 64;
/** Pods are looked at this rarely, so that a crash shows within 10 s all the same. */
const TICKS_PER_LOOK = 2;

/** A read that waits is one of a room: there are no more than rooms. */
const ALWAYS_WANTED: Reader = { wanted: true, began: () => undefined };

/** The channels that somebody on this pod watches. */
export class PresenceRooms {
  private readonly rooms = new Map<string, OpenRoom & { readonly hear: (message: string) => void }>();
  private readonly alive = new Set<PodId>();
  private readonly leaves: PresenceLeaves;
  private readonly reads = new ReadSlots(READS);
  private readonly full: FullChannels;
  private readonly doubted = new Set<OpenRoom>();
  private checking = false;
  private timer: Timer | null = null;
  private ticks = 0;

  constructor(private readonly ports: PresencePorts) {
    this.leaves = new PresenceLeaves(ports);
    this.full = new FullChannels({
      ...{ store: ports.store, clock: ports.clock },
      read: (keys) => this.reads.run(ALWAYS_WANTED, () => ports.store.list(keys)),
      gone: (pods) => ports.steady.gone(pods),
    });
    ports.subscriber.onDoubt((concerns) => {
      for (const open of this.rooms.values()) if (concerns(open.keys.told)) this.doubted.add(open);
      if (!this.checking) void this.checkDoubted();
    });
  }

  get store(): PresenceStore {
    return this.ports.store;
  }

  start(): void {
    this.ports.steady.start();
    this.timer = this.ports.clock.every(TICK_MS, () => {
      this.tick().catch((error: unknown) => {
        this.ports.logger.warn('presence.check-failed', { error });
      });
    });
  }
  stop(): void {
    this.ports.steady.stop();
    this.timer?.cancel();
    this.timer = null;
  }

  join(tenant: TenantId, channel: ChannelName, participant: Participant): OpenRoom {
    const keys = this.ports.store.keysOf(tenant, channel);
    const open = this.rooms.get(keys.told) ?? this.open(keys, channel);
    open.participants.add(participant);
    return open;
  }

  part({ keys, room, participants }: OpenRoom, participant: Participant): void {
    room.unwatch(participant);
    participants.delete(participant);
    const open = this.rooms.get(keys.told);
    if (participants.size > 0 || open?.room !== room) return;
    this.rooms.delete(keys.told);
    this.ports.subscriber.unsubscribe(keys.told, open.hear);
  }

  /** As the store has it; `isWanted`: it hasn't left meanwhile, or it would be there for good. */
  async enter(keys: PresenceKeys, entrant: Entrant, isWanted: () => boolean): Promise<number | null> {
    this.leaves.unsay(keys, entrant.session, entrant.connection);
    try {
      return await this.ports.store.enter(keys, entrant);
    } catch (error) {
      if (!(error instanceof BatonError) || error.code !== 'channel-full') throw error;
      if (!(await this.full.makeRoom(keys)) || !isWanted()) throw error;
      return this.ports.store.enter(keys, entrant);
    }
  }

  /** `late`: only if it hasn't come back by then. */
  leave(keys: PresenceKeys, session: SessionId, connection: ConnectionId, late: boolean): void {
    this.leaves.say(keys, session, connection, late);
  }

  private open(keys: PresenceKeys, channel: ChannelName): OpenRoom {
    const participants = new Set<Participant>();
    const room = new PresenceRoom(channel, {
      read: () => this.reads.run(ALWAYS_WANTED, () => this.read(keys)),
      isAlive: (pod) => this.alive.has(pod),
      saw: (pod) => {
        this.alive.add(pod);
        this.ports.pods.saw(pod);
      },
      removed: (member) => {
        for (const participant of participants) participant.removed(channel, member);
      },
      failed: (error) => {
        this.ports.logger.warn('presence.unreadable', { error });
      },
    });
    const hear = (message: string): void => {
      room.hear(message);
    };
    const listening = this.ports.subscriber.subscribe(keys.told, hear);
    const open = { keys, room, participants, listening, hear };
    this.rooms.set(keys.told, open);
    return open;
  }

  private async read(keys: PresenceKeys): Promise<PresenceList> {
    const list = await this.ports.store.list(keys);
    await this.look(new Set(list.members.map(({ pod }) => pod)));
    return list;
  }

  private async checkDoubted(): Promise<void> {
    this.checking = true;
    let batch: Promise<void>[] = [];
    for (const open of this.doubted) {
      // Doubted again meanwhile, it comes again at the end.
      this.doubted.delete(open);
      for (const participant of [...open.participants]) {
        batch.push(participant.reenter(open.room.channel));
        if (batch.length < BATCH) continue;
        await Promise.allSettled(batch);
        batch = [];
        // Redis that has gone again answers without a turn in between.
        await new Promise(setImmediate);
      }
      if (this.rooms.get(open.keys.told)?.room === open.room) open.room.readAgain();
    }
    this.checking = false;
  }

  private async tick(): Promise<void> {
    this.leaves.tick();
    this.ticks += 1;
    if (this.ticks % TICKS_PER_LOOK > 0) return;
    for (const { room } of this.rooms.values()) if (room.stale) room.readAgain();
    if (await this.look(this.podsOfRooms())) for (const { room } of this.rooms.values()) room.show();
    const wanted = this.podsOfRooms();
    for (const pod of this.alive) if (!wanted.has(pod)) this.alive.delete(pod);
  }

  private podsOfRooms(): ReadonlySet<PodId> {
    return new Set([...this.rooms.values()].flatMap(({ room }) => [...room.pods]));
  }

  /** True if one has died or come back. While nothing is known everybody stays where they are. */
  private async look(pods: ReadonlySet<PodId>): Promise<boolean> {
    const living = pods.size === 0 ? null : await this.ports.pods.among([...pods]);
    if (living === null) return false;
    const changed = [...pods].filter((pod) => this.alive.has(pod) !== living.has(pod));
    for (const pod of changed) if (!this.alive.delete(pod)) this.alive.add(pod);
    return changed.length > 0;
  }
}
