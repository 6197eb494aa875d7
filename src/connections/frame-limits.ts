import type { LimitsConfig } from '../config/config.js';
import type { ClientFrame, ErrorFrame } from '../protocol/frames.js';
import type { StreamName } from '../protocol/stream-name.js';
import { Rate, type RateVerdict } from './rate.js';

/** A frame that could not be read costs what it would have cost otherwise. */
export type MeteredFrame = ClientFrame | { readonly type: 'unreadable' };

/** Frames that ask something of Redis besides publishing. */
const ASKS: ReadonlySet<string> = new Set(['subscribe', 'presence', 'token']);

/**
 * What one connection may send. Made at its first frame after `hello`: most have nothing to say. Who goes on over the
 * rate of frames or bytes hasn't listened. The others are told stream by stream: an SDK with thousands of them hears of
 * each alone, and does as it is told although something comes in every wait.
 */
export class FrameLimits {
  private readonly messages: Rate;
  private readonly bytes: Rate;
  private asks: Rate | null = null;
  private newStreams: Rate | null = null;

  constructor(
    private readonly limits: LimitsConfig,
    nowMs: number,
  ) {
    this.messages = new Rate(limits.messagesPerSecond, nowMs);
    this.bytes = new Rate(limits.bytesPerSecond, nowMs);
  }

  /**
   * `known`: whether the stream has been paid for. Of publishes only the first of a sequence can make something in Redis
   * that wasn't there: after a move each stream of before is marked at once, and costs what any frame does.
   */
  take(frame: MeteredFrame, bytes: number, known: (stream: StreamName) => boolean, nowMs: number): RateVerdict {
    const verdict = this.traffic(bytes, nowMs);
    if (verdict.kind === 'take' && ASKS.has(frame.type)) return this.ask(frame, known, nowMs);
    if (verdict.kind === 'take' && frame.type === 'publish' && frame.after === 0 && !known(frame.stream))
      return this.open(nowMs);
    return verdict;
  }

  /** Of any frame, also of those of WebSocket itself. */
  traffic(bytes: number, nowMs: number): RateVerdict {
    const verdict = this.messages.take(1, nowMs);
    return verdict.kind === 'take' ? this.bytes.take(bytes, nowMs) : verdict;
  }

  private ask(frame: MeteredFrame, known: (stream: StreamName) => boolean, nowMs: number): RateVerdict {
    this.asks ??= new Rate(this.limits.subscribesPerSecond, nowMs, 'many');
    const verdict = this.asks.take(1, nowMs);
    const opens = verdict.kind === 'take' && frame.type === 'subscribe' && !known(frame.stream);
    return opens ? this.open(nowMs) : verdict;
  }

  private open(nowMs: number): RateVerdict {
    this.newStreams ??= new Rate(this.limits.newStreamsPerSecond, nowMs, 'many');
    return this.newStreams.take(1, nowMs);
  }
}

/**
 * Frames that must not be refused are taken in any case: an `error` would stand for the answer to `unsubscribe`, and the
 * others have none.
 */
export const canBeRefused = (frame: MeteredFrame): boolean => {
  switch (frame.type) {
    case 'publish':
    case 'subscribe':
    case 'token':
    case 'unreadable':
      return true;
    case 'presence':
      return frame.on;
    default:
      return false;
  }
};

/** What an `error` names of the frame that it refuses. */
export function aboutFrame(frame: MeteredFrame): Pick<ErrorFrame, 'stream' | 'seq' | 'channel'> {
  switch (frame.type) {
    case 'publish':
      return { stream: frame.stream, seq: frame.seq };
    case 'subscribe':
      return { stream: frame.stream };
    case 'presence':
      return { channel: frame.channel };
    default:
      return {};
  }
}
