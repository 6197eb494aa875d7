import type { RedisTopology, SessionsConfig, StreamsConfig } from '../../src/config/config.js';
import { systemClock } from '../../src/lib/clock.js';
import type { ResetReason } from '../../src/protocol/frames.js';
import type { Position } from '../../src/protocol/position.js';
import type { StreamName } from '../../src/protocol/stream-name.js';
import { RedisKeys, type StreamOwner } from '../../src/redis/keys.js';
import type { RedisConnection } from '../../src/redis/redis-connection.js';
import type { StreamSink } from '../../src/streams/live-streams.js';
import { RedisLiveStreams } from '../../src/streams/redis-live-streams.js';
import { RedisStreamLog } from '../../src/streams/redis-stream-log.js';
import { connectRedis, type ConnectionExtras } from './redis-connection.js';
import { silentLogger } from './silent-logger.js';

const streams: StreamsConfig = {
  windowMs: 60_000,
  windowMessages: 1_000,
  windowBytes: 1_048_576,
  appendDeadlineMs: 5_000,
  lateMs: 10_000,
  canaryMs: 100,
};
const sessions: SessionsConfig = { ttlMs: 60_000, sweepMs: 60_000 };

/** What a pod has of redis/ and streams/, and nothing else. */
export class StreamPod {
  readonly log: RedisStreamLog;
  readonly live: RedisLiveStreams;
  readonly keys: RedisKeys;

  private constructor(
    readonly redis: RedisConnection,
    keyPrefix: string,
    limits: Partial<StreamsConfig>,
  ) {
    this.keys = new RedisKeys(keyPrefix);
    const ports = { redis: redis.commands, keys: this.keys, clock: systemClock, observeAppendSeconds: () => undefined };
    this.log = new RedisStreamLog(ports, { ...streams, ...limits }, sessions);
    this.live = new RedisLiveStreams(this.log, redis.subscriber, this.keys, systemClock, silentLogger);
  }

  static async start(
    where: string | RedisTopology,
    keyPrefix: string,
    limits: Partial<StreamsConfig> = {},
    more: ConnectionExtras = {},
  ): Promise<StreamPod> {
    const redis = await connectRedis(where, keyPrefix, { canaryMs: streams.canaryMs, ...more });
    return new StreamPod(redis, keyPrefix, limits);
  }

  close(): void {
    this.redis.close();
  }
}

export interface Received {
  readonly offset: number;
  readonly id: string;
  readonly prev: string;
  readonly data: unknown;
}

/** A sink that keeps what it gets, and can be full. */
export class KeepingSink implements StreamSink {
  readonly messages: Received[] = [];
  readonly resets: ResetReason[] = [];
  readonly answers: Position[] = [];
  failure: unknown = null;
  full = false;

  constructor(readonly stream: StreamName = 'channel:room') {}

  deliver(frames: Buffer, count: number): boolean {
    if (this.full) return false;
    const before = this.messages.length;
    this.messages.push(...parseFrames(frames));
    if (this.messages.length - before !== count) throw new Error('the count is not that of the frames');
    return true;
  }
  reset(reason: ResetReason): void {
    this.resets.push(reason);
  }
  subscribed(position: Position): void {
    this.answers.push(position);
  }
  failed(cause: unknown): void {
    this.failure = cause;
  }
}

/** The payloads of unmasked text frames, as a client's parser would find them. */
export function parseFrames(bytes: Buffer): readonly Received[] {
  const found: Received[] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== 0x81) throw new Error(`no final text frame at byte ${at}`);
    const short = bytes.readUInt8(at + 1);
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    found.push(JSON.parse(bytes.toString('utf8', at + header, at + header + length)) as Received);
    at += header + length;
  }
  return found;
}

export const room = (tenant: string, channel = 'room'): StreamOwner =>
  ({ kind: 'channel', tenant, channel }) as unknown as StreamOwner;
