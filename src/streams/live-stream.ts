import type { Logger } from '../observability/logger.js';
import type { ResetReason } from '../protocol/frames.js';
import type { Position } from '../protocol/position.js';
import type { StreamName } from '../protocol/stream-name.js';
import { frameMessages } from './framing.js';
import { parseLiveEntries } from './live-entries.js';
import {
  decideJoin,
  decidePage,
  decideRelease,
  expectToHear,
  following,
  hear,
  isBeyond,
  NOTHING_HEARD,
} from './live-rules.js';
import { Members } from './members.js';
import type { Reader } from './read-slots.js';
import type { Entry, ReadResult } from './stream-log.js';

/** A page of a read, for pods and sockets alike. */
export const PAGE = 128;

/** A receiver as the stream sees it; what happens in which order is the stream's affair, reading the member's own. */
export interface Member {
  readonly stream: StreamName;
  readonly position: Position | null;
  /** False: its queue is full and nothing was taken. */
  take(frames: Buffer, count: number, last: Position): boolean;
  fallBehind(position: Position): void;
  wentLive(): void;
  readAgain(): void;
  resetTo(reason: ResetReason, position: Position): void;
  /** The pod's read, which it waits for, has failed. */
  stalled(cause: unknown): void;
  /** The pod, which it waits for, has come nearer. */
  progressed(): void;
}

export interface LiveStreamContext {
  read(reader: Reader, position: Position | null): Promise<ReadResult>;
  /** A random pause before a read that failed is repeated. */
  pause(failures: number): Promise<void>;
  readonly logger: Logger;
}

/**
 * One stream with a subscriber on this pod: its position and its members. What Redis publishes is applied only if it is
 * the next entry; anything else makes the pod read the log from its position.
 */
export class LiveStream implements Reader {
  position: Position | null = null;
  /** The pod's read waits for its turn. */
  queued = false;
  private readonly live = new Members<Member>();
  /** Members that have read the log's end and are elsewhere than the pod: it reads, too, and then they are looked at. */
  private readonly waiting = new Members<Member>();
  private hearing = NOTHING_HEARD;
  private catching = false;
  /** Something may be missing after the position. */
  private catchAgain = false;
  private closed = false;

  constructor(private readonly context: LiveStreamContext) {}

  get wanted(): boolean {
    return !this.closed;
  }
  began(): void {
    this.queued = false;
  }

  /** From the subscriber connection. */
  readonly hear = (message: string): void => {
    if (this.closed) return;
    const entries = parseLiveEntries(message);
    if (!entries) return;
    const { hearing, isOfThisLog } = hear(this.hearing, this.position, entries);
    this.hearing = hearing;
    // Without a position nobody is live yet, and the read under way may be answered with what was before this message.
    if (this.position === null || !isOfThisLog || !this.apply(entries)) this.catchUp();
  };

  /**
   * A member has read the log's end. It is live from this turn on, reads again at once (there was news, there may be
   * more), or waits until the pod has read: without news a member that reads again and again would only find the same.
   */
  join(member: Member, position: Position, news: boolean): 'live' | 'reads' | 'waits' {
    if (this.position === null) {
      this.position = position;
      if (this.catchAgain) this.catchUp();
    }
    const decision = decideJoin(this.position, position, news);
    if (decision === 'live') {
      this.live.add(member);
      return decision;
    }
    // Both read again. The pod also when it is further than the member: it may be further than the log.
    this.catchUp();
    if (decision === 'waits') this.waiting.add(member);
    return decision;
  }

  leave(member: Member): void {
    this.live.delete(member);
    this.waiting.delete(member);
  }

  close(): void {
    this.closed = true;
  }

  /** Reads from the pod's position until nothing is left: after a gap or a doubt. Repeats while Redis is away. */
  catchUp(): void {
    this.catchAgain = true;
    if (this.catching || this.position === null) return;
    this.catching = true;
    this.readOn().catch((error: unknown) => {
      this.catching = false;
      this.context.logger.error('stream.catch-up-failed', { error });
    });
  }

  private async readOn(): Promise<void> {
    let failures = 0;
    while (this.catchAgain && !this.closed) {
      this.catchAgain = false;
      const from = this.position;
      try {
        this.queued = true;
        const result = await this.context.read(this, from);
        failures = 0;
        this.take(result, from);
      } catch (error) {
        if (this.isClosed()) break;
        this.context.logger.debug('stream.read-failed', { error });
        this.catchAgain = true;
        for (const member of this.waiting) member.stalled(error);
        await this.context.pause(failures);
        failures += 1;
      }
    }
    this.catching = false;
  }

  /** The last member may leave while a read is under way. */
  private isClosed(): boolean {
    return this.closed;
  }

  private take(result: ReadResult, from: Position | null): void {
    if (this.closed || this.position === null || from === null) return;
    const decision = decidePage(this.position, from, result);
    switch (decision.kind) {
      case 'stale':
        this.catchAgain = true;
        return;
      case 'reset':
        this.position = decision.position;
        // What is heard next is compared with the position, not with what was heard of the log before.
        this.hearing = NOTHING_HEARD;
        for (const member of this.live) member.resetTo(decision.reason, decision.position);
        break;
      case 'entries':
        this.apply(decision.entries);
        this.hearing = expectToHear(this.hearing, decision.entries);
        if (decision.readsAgain) this.catchAgain = true;
    }
    this.releasePassed();
    for (const member of this.waiting) if (isBeyond(result.top, member.position)) this.sendBack(member);
  }

  private sendBack(member: Member): void {
    this.waiting.delete(member);
    member.readAgain();
  }

  /** False at the first entry that isn't the next one. While somebody waits for a position, each is one. */
  private apply(entries: readonly Entry[]): boolean {
    if (this.waiting.size > 0 && entries.length > 1) return entries.every((entry) => this.apply([entry]));
    const { run, complete } = following(this.position, entries);
    this.deliver(run);
    return complete;
  }

  /** One buffer for all sockets that know the stream by the same name. */
  private deliver(entries: readonly Entry[]): void {
    const last = entries.at(-1);
    const before = this.position;
    if (!last || !before) return;
    const position = { offset: last.offset, id: last.id };
    const framed = new Map<StreamName, Buffer>();
    for (const member of this.live) {
      let frames = framed.get(member.stream);
      if (!frames) {
        frames = frameMessages(member.stream, entries);
        framed.set(member.stream, frames);
      }
      if (member.take(frames, entries.length, position)) continue;
      this.live.delete(member);
      member.fallBehind(before);
    }
    this.position = position;
    for (const member of this.waiting) member.progressed();
    this.releasePassed();
  }

  private releasePassed(): void {
    const at = this.position;
    if (!at) return;
    for (const member of this.waiting) {
      const decision = decideRelease(at, member.position);
      if (decision === 'reads') this.sendBack(member);
      if (decision !== 'live') continue;
      this.waiting.delete(member);
      this.live.add(member);
      member.wentLive();
    }
  }
}
