import { BatonError } from '../lib/baton-error.js';
import type { Timer } from '../lib/clock.js';
import type { ResetReason } from '../protocol/frames.js';
import type { Position } from '../protocol/position.js';
import type { StreamName } from '../protocol/stream-name.js';
import { frameMessages } from './framing.js';
import { following } from './live-rules.js';
import type { LiveStream } from './live-stream.js';
import type { StreamSink, Subscription } from './live-streams.js';
import type { Reader } from './read-slots.js';
import type { ReadResult } from './stream-log.js';

/** What the members of one stream share. */
export interface MemberContext {
  /** Resolves when Redis has confirmed the subscription to the stream's channel. */
  subscribed(): Promise<void>;
  read(reader: Reader, position: Position | null): Promise<ReadResult>;
  /** Why the last read of this pod, of any stream, failed; null when it didn't. */
  readonly readTrouble: unknown;
  pause(failures: number): Promise<void>;
  monotonicMs(): number;
  after(delayMs: number, run: () => void): Timer;
  /** A member has gone for good. */
  left(): void;
}

/** A replay without any progress for this long is ended: the client asks again, or resumes elsewhere. */
const NO_PROGRESS_MS = 10_000;

/**
 * One sink of a stream. It reads from its own position until it is where the pod is, and is live from then on. `waiting`:
 * it has read the log's end, and the pod, which is elsewhere, reads, too. `behind`: its queue was full, and it reads
 * again when it asks to.
 */
export class LiveMember implements Subscription, Reader {
  private own: Position | null;
  private state: 'reading' | 'waiting' | 'live' | 'behind' | 'closed' = 'reading';
  /** The end of the replay that a subscribe is answered with has not been told yet. */
  private answerDue = true;
  private progressMs = 0;
  /** Set while it reads or waits. */
  private deadline: Timer | null = null;
  /** Why the last read failed. */
  private trouble: unknown = null;
  /** It waits for its turn to read. */
  private queued = false;

  constructor(
    private readonly shared: LiveStream,
    private readonly context: MemberContext,
    position: Position | null,
    private readonly sink: StreamSink,
  ) {
    this.own = position;
    this.expectProgress();
    void this.read();
  }

  get stream(): StreamName {
    return this.sink.stream;
  }
  get live(): boolean {
    return this.state === 'live';
  }
  get position(): Position | null {
    return this.state === 'live' ? this.shared.position : this.own;
  }

  get wanted(): boolean {
    return this.state === 'reading';
  }
  began(): void {
    this.queued = false;
  }

  resume(): void {
    if (this.state === 'behind') this.readAgain();
  }

  close(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.endDeadline();
    this.shared.leave(this);
    this.context.left();
  }

  /** Live messages; false: the sink's queue is full. */
  take(frames: Buffer, count: number, last: Position): boolean {
    return this.sink.deliver(frames, count, last);
  }
  fallBehind(position: Position): void {
    if (this.state === 'closed') return;
    this.own = position;
    this.state = 'behind';
    this.endDeadline();
  }
  wentLive(): void {
    if (this.state === 'closed') return;
    this.state = 'live';
    this.endDeadline();
    this.answer();
  }
  readAgain(): void {
    if (this.state === 'closed') return;
    this.state = 'reading';
    if (!this.deadline) this.expectProgress();
    void this.read();
  }
  /** What was missed is gone, for this member or for all that are live. */
  resetTo(reason: ResetReason, position: Position): void {
    this.own = position;
    this.progressed();
    this.answerDue = true;
    this.sink.reset(reason, position);
    this.answer();
  }
  /** A read failed, its own or the one of the pod that it waits for. */
  stalled(cause: unknown): void {
    this.trouble = cause;
  }
  /** It has come further, or the pod that it waits for has. */
  progressed(): void {
    this.progressMs = this.context.monotonicMs();
    this.trouble = null;
  }

  private async read(): Promise<void> {
    let failures = 0;
    while (this.is('reading')) {
      try {
        await this.context.subscribed();
        this.queued = true;
        const result = await this.context.read(this, this.own);
        if (this.is('reading')) this.handle(result);
        failures = 0;
      } catch (error) {
        this.stalled(error);
        if (!this.is('reading')) return;
        await this.context.pause(failures);
        failures += 1;
      }
    }
  }

  private handle(result: ReadResult): void {
    const before = this.own;
    if (result.kind === 'reset') this.resetTo(result.reason, result.top);
    else this.replay(result);
    if (!this.is('reading') || !this.own || this.own.offset < result.top.offset) return;
    const joined = this.shared.join(this, this.own, this.own !== before);
    if (joined === 'live') this.wentLive();
    else if (joined === 'waits') this.state = 'waiting';
  }

  private replay({ entries, top }: Extract<ReadResult, { kind: 'entries' }>): void {
    if (this.own === null) {
      this.own = top;
      this.progressed();
      return;
    }
    const { run } = following(this.own, entries);
    if (run.length < entries.length) throw new Error(`what was read does not follow ${this.own.offset}`);
    const end = run.at(-1);
    if (end === undefined) return;
    const last = { offset: end.offset, id: end.id };
    this.progressed();
    if (this.sink.deliver(frameMessages(this.stream, entries), entries.length, last)) this.own = last;
    else this.fallBehind(this.own);
  }

  private answer(): void {
    const { position } = this;
    if (!this.answerDue || !position || this.is('closed')) return;
    this.answerDue = false;
    this.sink.subscribed(position);
  }

  private expectProgress(): void {
    this.progressed();
    this.awaitProgress(NO_PROGRESS_MS);
  }
  private awaitProgress(withinMs: number): void {
    this.deadline = this.context.after(withinMs, () => {
      this.checkProgress();
    });
  }
  /** By the clock, whether reads fail or not: one that waits for its turn for ever doesn't fail. */
  private checkProgress(): void {
    const leftMs = this.progressMs + NO_PROGRESS_MS - this.context.monotonicMs();
    if (leftMs > 0) {
      this.awaitProgress(leftMs);
      return;
    }
    const cause = this.trouble ?? this.queueTrouble() ?? new Error(`no progress for ${NO_PROGRESS_MS} ms`);
    // Nobody waits for an answer, and an `error` would look like one to a subscribe that is on its way here.
    if (!this.answerDue && isTemporary(cause)) {
      this.expectProgress();
      return;
    }
    this.close();
    this.sink.failed(cause);
  }
  /** A pod that takes many clients over reads for others: that is no fault of this connection. */
  private queueTrouble(): unknown {
    const queued = this.state === 'waiting' ? this.shared.queued : this.queued;
    if (!queued) return null;
    return this.context.readTrouble ?? new BatonError('busy', 'many streams are waiting to be read');
  }
  private endDeadline(): void {
    this.deadline?.cancel();
    this.deadline = null;
  }

  /** A sink may close its subscription whenever it is called. */
  private is(state: 'reading' | 'closed'): boolean {
    return this.state === state;
  }
}

function isTemporary(cause: unknown): boolean {
  return cause instanceof BatonError && cause.retryAfterMs !== undefined;
}
