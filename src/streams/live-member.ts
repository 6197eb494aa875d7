import type { ResetReason } from '../protocol/frames.js';
import { stepFrom, type Position } from '../protocol/position.js';
import type { StreamName } from '../protocol/stream-name.js';
import { frameMessages } from './framing.js';
import type { LiveStream, Member } from './live-stream.js';
import type { StreamSink, Subscription } from './live-streams.js';
import type { ReadResult } from './stream-log.js';

export interface MemberContext {
  /** Resolves when Redis has confirmed the subscription to the stream's channel. */
  subscribed(): Promise<void>;
  read(position: Position | null): Promise<ReadResult>;
  pause(failures: number): Promise<void>;
  monotonicMs(): number;
  /** The member has gone for good. */
  onClose(member: LiveMember): void;
}

/** A replay without any progress for this long ends the connection: the client resumes elsewhere. */
const NO_PROGRESS_MS = 10_000;

/** One sink of a stream: reading from its own position, or live together with the pod. */
export class LiveMember implements Member, Subscription {
  private own: Position | null;
  private state: 'reading' | 'waiting' | 'live' | 'behind' | 'closed' = 'reading';
  /** The end of the replay that a subscribe is answered with has not been told yet. */
  private answerDue = true;
  private progressMs: number;

  constructor(
    private readonly live: LiveStream,
    position: Position | null,
    private readonly sink: StreamSink,
    private readonly context: MemberContext,
  ) {
    this.own = position;
    this.progressMs = context.monotonicMs();
    void this.read();
  }

  get stream(): StreamName {
    return this.sink.stream;
  }
  get position(): Position | null {
    return this.state === 'live' ? this.live.position : this.own;
  }

  resume(): void {
    if (this.state === 'behind') this.readAgain();
  }

  close(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.live.leave(this);
    this.context.onClose(this);
  }

  /** Live messages; false: the sink's queue is full. */
  take(frames: Buffer, count: number, last: Position): boolean {
    return this.sink.deliver(frames, count, last);
  }
  fallBehind(position: Position): void {
    this.own = position;
    this.state = 'behind';
  }
  wentLive(): void {
    this.state = 'live';
    this.answer();
  }
  readAgain(): void {
    if (this.state === 'closed') return;
    this.state = 'reading';
    this.progressMs = this.context.monotonicMs();
    void this.read();
  }
  /** The pod's log is another one than it was: live members are told and stay live. */
  resetTo(reason: ResetReason, position: Position): void {
    this.sink.reset(reason, position);
    this.sink.subscribed(position);
  }

  private async read(): Promise<void> {
    let failures = 0;
    while (this.state === 'reading') {
      try {
        await this.context.subscribed();
        this.handle(await this.context.read(this.own));
        failures = 0;
      } catch (error) {
        if (this.context.monotonicMs() - this.progressMs > NO_PROGRESS_MS) {
          this.fail(error);
          return;
        }
        await this.context.pause(failures);
        failures += 1;
      }
    }
  }

  private handle(result: ReadResult): void {
    if (this.state !== 'reading') return;
    this.progressMs = this.context.monotonicMs();
    if (result.kind === 'reset') {
      this.own = result.top;
      this.answerDue = true;
      this.sink.reset(result.reason, result.top);
    } else if (!this.replay(result)) return;
    if (!this.own || this.own.offset < result.top.offset) return;
    if (this.live.join(this, this.own)) this.wentLive();
    else if (this.live.isAhead(this)) this.state = 'waiting';
  }

  /** False: the sink took nothing, and is behind until it asks to go on. */
  private replay({ entries, top }: Extract<ReadResult, { kind: 'entries' }>): boolean {
    if (this.own === null) {
      this.own = top;
      return true;
    }
    let last = this.own;
    for (const entry of entries) {
      if (stepFrom(last, entry) !== 'apply') throw new Error(`entry ${entry.offset} does not follow ${last.offset}`);
      last = { offset: entry.offset, id: entry.id };
    }
    if (entries.length === 0) return true;
    if (!this.sink.deliver(frameMessages(this.stream, entries), entries.length, last)) {
      this.state = 'behind';
      return false;
    }
    this.own = last;
    return true;
  }

  private answer(): void {
    const { position } = this;
    if (!this.answerDue || !position) return;
    this.answerDue = false;
    this.sink.subscribed(position);
  }

  private fail(cause: unknown): void {
    this.close();
    this.sink.failed(cause);
  }
}
