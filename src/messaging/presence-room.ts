import type { PresenceEntry, PresenceFrame } from '../protocol/frames.js';
import type { ChannelName, PodId, SessionId } from '../protocol/ids.js';
import { parsePresenceChange, type Member, type PresenceChange, type PresenceList } from './presence-store.js';

/** Who wants to hear who is in a channel; one of this pod's connections. */
export interface Watcher {
  tell(frame: PresenceFrame): void;
  /** Runs it once a whole snapshot has room where it goes; of several of one channel only the last. */
  whenReady(channel: ChannelName, run: () => void): void;
}

export interface RoomPorts {
  /** Reads who is there; the pods of all that it names have been looked at when it resolves. */
  readonly read: () => Promise<PresenceList>;
  readonly isAlive: (pod: PodId) => boolean;
  /** A change by this pod: it lives. */
  readonly saw: (pod: PodId) => void;
  /** An entry has gone; whoever it was may be here all the same. */
  readonly removed: (member: Member) => void;
  readonly failed: (error: unknown) => void;
}

/** Entries in one frame, so that it stays below the largest. */
const ENTRIES_PER_FRAME = 200;
/** Changes heard during one read that are kept; with more it is read once more. */
const MOST_HEARD = 1_000;

/**
 * One channel as this pod's watchers see it: what Redis says, without those whose pod is gone. Changes are numbered; one
 * that isn't the next means that some were missed, or that Redis lost some: everything is read again, and the difference
 * told.
 */
export class PresenceRoom {
  private members = new Map<SessionId, Member>();
  /** What watchers have been told. */
  private readonly shown = new Map<SessionId, PresenceEntry>();
  private changes: number | null = null;
  private readonly watchers = new Set<Watcher>();
  /** They get a snapshot once the room has come as far as their own entry. */
  private readonly waiting = new Map<Watcher, number>();
  /** They get it as soon as they are ready for it. */
  private readonly welcomed = new Set<Watcher>();
  private reading = false;
  private again = false;
  /** While it is being read: whether the list has them is known when it is there. */
  private heard: PresenceChange[] = [];

  constructor(
    readonly channel: ChannelName,
    private readonly ports: RoomPorts,
  ) {}

  get pods(): Iterable<PodId> {
    return new Set([...this.members.values()].map(({ pod }) => pod));
  }
  /** A read has failed: nothing is heard until one succeeds. */
  get stale(): boolean {
    return this.changes === null && !this.reading;
  }

  /** `changes`: as many as there were when it entered. */
  watch(watcher: Watcher, changes: number): void {
    if (this.changes !== null && this.changes >= changes) {
      this.welcome(watcher);
      return;
    }
    this.waiting.set(watcher, changes);
    this.readAgain();
  }
  unwatch(watcher: Watcher): void {
    this.watchers.delete(watcher);
    this.waiting.delete(watcher);
    this.welcomed.delete(watcher);
  }

  hear(message: string): void {
    const change = parsePresenceChange(message);
    if (change === null) return;
    if (this.reading) this.remember(change);
    if (this.changes === null) return;
    if (change.number !== this.changes + 1) {
      // While it is read the list will tell what is next.
      if (!this.reading) this.readAgain();
      return;
    }
    this.apply(change);
    this.show([sessionOf(change)]);
    for (const [watcher, changes] of this.waiting) if (changes <= change.number) this.welcome(watcher);
  }

  readAgain(): void {
    this.again = true;
    if (this.reading) return;
    this.reading = true;
    this.read().catch((error: unknown) => {
      this.ports.failed(error);
    });
  }

  /** Tells the watchers what is different from what they know: also after a pod has died or come back. */
  show(sessions: Iterable<SessionId> = new Set([...this.shown.keys(), ...this.members.keys()])): void {
    const joined: PresenceEntry[] = [];
    const left: PresenceEntry[] = [];
    for (const session of sessions) {
      const known = this.shown.get(session);
      const member = this.members.get(session);
      const isHere = member !== undefined && this.ports.isAlive(member.pod);
      if (known !== undefined && !isHere) {
        this.shown.delete(session);
        left.push(known);
      } else if (known === undefined && isHere) {
        const entry = { session, user: member.user, since: member.since };
        this.shown.set(session, entry);
        joined.push(entry);
      }
    }
    for (const watcher of this.watchers) {
      this.tell(watcher, 'leave', left);
      this.tell(watcher, 'join', joined);
    }
  }

  private async read(): Promise<void> {
    try {
      while (this.again) await this.readOnce();
    } catch (error) {
      // The watchers go on with what they know; the next change or check reads again.
      this.changes = null;
      throw error;
    } finally {
      this.reading = false;
    }
  }

  private async readOnce(): Promise<void> {
    this.again = false;
    this.heard = [];
    const waiting = [...this.waiting.keys()];
    const { changes, members } = await this.ports.read();
    this.changes = changes;
    this.members = new Map(members.map((member) => [member.session, member]));
    this.applyHeard();
    this.show();
    // They entered before it was read, whatever Redis counts by now.
    for (const watcher of waiting) if (this.waiting.has(watcher)) this.welcome(watcher);
  }

  private remember(change: PresenceChange): void {
    if (this.heard.length < MOST_HEARD) this.heard.push(change);
    else this.again = true;
  }

  /** What was told while it was read: the list may be older. */
  private applyHeard(): void {
    for (const change of this.heard) {
      const changes = this.changes ?? 0;
      if (change.number <= changes) continue;
      if (change.number !== changes + 1) {
        this.again = true;
        break;
      }
      this.apply(change);
    }
    this.heard = [];
  }

  private apply(change: PresenceChange): void {
    this.changes = change.number;
    if (change.kind === 'put') {
      this.ports.saw(change.member.pod);
      this.members.set(change.member.session, change.member);
      return;
    }
    const member = this.members.get(change.session);
    this.members.delete(change.session);
    if (member) this.ports.removed(member);
  }

  private welcome(watcher: Watcher): void {
    this.waiting.delete(watcher);
    this.welcomed.add(watcher);
    watcher.whenReady(this.channel, () => {
      if (!this.welcomed.delete(watcher)) return;
      this.watchers.add(watcher);
      this.tell(watcher, 'snapshot', [...this.shown.values()]);
    });
  }

  private tell(watcher: Watcher, event: PresenceFrame['event'], entries: readonly PresenceEntry[]): void {
    if (entries.length === 0 && event !== 'snapshot') return;
    for (let start = 0; start === 0 || start < entries.length; start += ENTRIES_PER_FRAME) {
      const more = event === 'snapshot' && start + ENTRIES_PER_FRAME < entries.length;
      watcher.tell({
        type: 'presence',
        channel: this.channel,
        event,
        entries: entries.slice(start, start + ENTRIES_PER_FRAME),
        ...(more ? { more } : {}),
      });
    }
  }
}

function sessionOf(change: PresenceChange): SessionId {
  return change.kind === 'put' ? change.member.session : change.session;
}
