import { BatonError } from '../lib/baton-error.js';
import { brokenBound } from '../protocol/codec.js';
import { errorCodes, type ErrorName } from '../protocol/error-codes.js';
import type { PublishFrame } from '../protocol/frames.js';
import { MAX_DATA_BYTES, MAX_PUBLISHED_STREAMS } from '../protocol/bounds.js';
import type { PublisherId } from '../protocol/ids.js';
import type { StreamName } from '../protocol/stream-name.js';
import type { StreamOwner } from '../redis/keys.js';
import type { AppendResult, LogTimeMs, SequencedItem, StreamLog } from '../streams/stream-log.js';
import { AckRanges } from './ack-ranges.js';
import type { FrameWriter } from './frame-writer.js';
import { ownerOf, type SessionIdentity } from './session-identity.js';
import { mayName, sessionMay } from './session-permission.js';

/** Publishes of one connection that Redis hasn't answered; past the high mark its socket isn't read. */
const HIGH_MARK = { items: 512, bytes: 1_048_576 } as const;
const LOW_MARK = { items: 256, bytes: 524_288 } as const;

export interface PublishingPorts {
  readonly log: StreamLog;
  /** The log compares it with its own clock, to find commands that a paused pod left behind. */
  readonly timeMs: LogTimeMs;
}

/** What one connection publishes: checked, appended in order, and answered with the frames of "Publishing exactly once". */
export class SessionPublisher {
  private readonly acks = new AckRanges();
  private ackScheduled = false;
  private items = 0;
  private bytes = 0;
  private paused = false;
  private stopped = false;
  /** Streams with something settled or under way: a client says a mark on each after `welcome`, so none is missed. */
  private used: Map<StreamName, StreamOwner> | null = null;

  constructor(
    private readonly ports: PublishingPorts,
    private readonly writer: FrameWriter,
    private identity: SessionIdentity,
  ) {}

  publish(frame: PublishFrame): void {
    if (this.stopped) return;
    const { stream, seq } = frame;
    const { publisher } = this.identity;
    if (publisher === null) {
      this.tellError(stream, seq, new BatonError('no-publisher'));
      return;
    }
    if (!mayName(this.identity, stream)) {
      this.answerAlone(frame, 'forbidden');
      return;
    }
    const owner = this.ownerOf(stream);
    if (owner === null) {
      this.answerAlone(frame, 'too-many-streams');
      return;
    }
    const item = this.itemOf(frame, publisher, this.ports.timeMs(owner));
    const size = item.data?.length ?? 0;
    this.began(size);
    this.ports.log.append(owner, item).then(
      (result) => {
        this.ended(size);
        this.answer(stream, seq, result);
      },
      (error: unknown) => {
        this.ended(size);
        this.tellError(stream, seq, error);
      },
    );
  }

  /** Whether something was published to it. */
  has(stream: StreamName): boolean {
    return this.used?.has(stream) ?? false;
  }

  renew(identity: SessionIdentity): void {
    this.identity = identity;
  }

  /** (M) The sweep: Redis keeps the sequences of a publisher who is connected and silent. */
  async touch(): Promise<void> {
    const { session, publisher } = this.identity;
    if (publisher === null || this.stopped) return;
    const owners = [...(this.used?.values() ?? [])];
    await Promise.all(owners.map((owner) => this.ports.log.touch(owner, session, publisher)));
  }

  /** Whether something was published to such a stream. */
  usesAny(which: (owner: StreamOwner) => boolean): boolean {
    return [...(this.used?.values() ?? [])].some(which);
  }

  /** The session has moved or the socket has closed: what Redis still answers is not told; the client repeats it. */
  stop(): void {
    this.stopped = true;
  }

  /** The same object each time, for which the log knows its keys; null: one stream too many. */
  private ownerOf(stream: StreamName): StreamOwner | null {
    const used = (this.used ??= new Map<StreamName, StreamOwner>());
    const known = used.get(stream);
    if (known) return known;
    if (used.size >= MAX_PUBLISHED_STREAMS) return null;
    const owner = ownerOf(stream, this.identity);
    used.set(stream, owner);
    return owner;
  }

  private itemOf({ stream, seq, after, data }: PublishFrame, publisher: PublisherId, readAtMs: number): SequencedItem {
    const { session } = this.identity;
    if (data === undefined) return { kind: 'mark', session, publisher, seq, after, readAtMs };
    const refused = (code: ErrorName): SequencedItem => {
      return { kind: 'refuse', session, publisher, seq, after, readAtMs, code };
    };
    if (!sessionMay(this.identity, stream, 'publish')) return refused('forbidden');
    // Before JSON.stringify, which recurses. Refused, not `error`: otherwise the sequence would stop here for ever.
    if (brokenBound(data) !== null) return refused('bad-frame');
    const text = JSON.stringify(data);
    if (Buffer.byteLength(text) > MAX_DATA_BYTES) return refused('too-big');
    return { kind: 'publish', session, publisher, seq, after, readAtMs, data: text };
  }

  /**
   * Without Redis, which keeps nothing of such a stream: nothing on it is ever accepted, so that the answer follows from
   * the frame. (After a move another one may be the one too many; a client knows of no message on it that could be lost.)
   */
  private answerAlone({ stream, seq, data }: PublishFrame, code: 'forbidden' | 'too-many-streams'): void {
    const jumps: readonly [] = [];
    if (data === undefined) this.answer(stream, seq, { kind: 'ack', jumps, position: null });
    else this.answer(stream, seq, { kind: 'refused', code, jumps });
  }

  private answer(stream: StreamName, seq: number, result: AppendResult): void {
    if (this.stopped) return;
    switch (result.kind) {
      case 'ack': {
        const finished = this.acks.settle(stream, seq, result.jumps);
        if (finished) this.writer.send(finished);
        this.scheduleAcks();
        return;
      }
      case 'refused':
        this.acks.refuse(stream, seq);
        this.writer.send({
          type: 'refused',
          stream,
          seq,
          code: result.code,
          ...(result.jumps.length === 0 ? {} : { jumps: result.jumps }),
        });
        return;
      case 'gap':
        this.writer.send({ type: 'gap', stream, seq, last: result.last });
        return;
      case 'late':
        this.tellError(stream, seq, new BatonError('late', undefined, { retryAfterMs: 100 }));
        return;
      case 'sent':
        throw new TypeError('a sequenced publish was answered like an HTTP send');
    }
  }

  private scheduleAcks(): void {
    if (this.ackScheduled) return;
    this.ackScheduled = true;
    this.writer.beforeWrite(() => {
      this.ackScheduled = false;
      if (this.stopped) return;
      for (const ack of this.acks.take()) this.writer.send(ack);
    });
  }

  private tellError(stream: StreamName, seq: number, error: unknown): void {
    if (this.stopped) return;
    const known = error instanceof BatonError ? error : new BatonError('internal', undefined, { cause: error });
    this.writer.send({
      type: 'error',
      code: known.code,
      message: known.code === 'internal' ? errorCodes.internal.meaning : known.message,
      stream,
      seq,
      ...(known.retryAfterMs === undefined ? {} : { retryAfterMs: known.retryAfterMs }),
    });
  }

  private began(size: number): void {
    this.items += 1;
    this.bytes += size;
    if (this.paused || (this.items < HIGH_MARK.items && this.bytes < HIGH_MARK.bytes)) return;
    this.paused = true;
    this.writer.pauseReading();
  }

  private ended(size: number): void {
    this.items -= 1;
    this.bytes -= size;
    if (!this.paused || this.items > LOW_MARK.items || this.bytes > LOW_MARK.bytes) return;
    this.paused = false;
    this.writer.resumeReading();
  }
}
