import type { Redis } from 'ioredis';
import type { SessionsConfig, StreamsConfig } from '../../../src/config/config.js';
import { systemClock } from '../../../src/lib/clock.js';
import { RedisKeys } from '../../../src/redis/keys.js';
import type { RedisConnection } from '../../../src/redis/redis-connection.js';
import { appendLimits } from '../../../src/streams/append-limits.js';
import { MemoryChannels } from '../../../src/streams/memory-channels.js';
import { MemoryKeyspace } from '../../../src/streams/memory-keyspace.js';
import { MemoryStreamLog } from '../../../src/streams/memory-stream-log.js';
import { RedisLiveStreams } from '../../../src/streams/redis-live-streams.js';
import { RedisStreamLog } from '../../../src/streams/redis-stream-log.js';
import type { StreamLog } from '../../../src/streams/stream-log.js';
import { eventually } from '../eventually.js';
import { eventuallyBy, ManualClock } from '../manual-clock.js';
import { silentLogger } from '../silent-logger.js';

/** What an operator or an accident does to keys. */
interface KeyAccess {
  /** Null: there is no such key. */
  ttlMs(key: string): Promise<number | null>;
  expireIn(key: string, ttlMs: number): Promise<void>;
  remove(key: string): Promise<void>;
  /** Something of a type that the product never puts there. */
  spoil(key: string): Promise<void>;
  /** The keys as they are now; the answer puts them back so, as a failover to a replica that lagged does. */
  remember(keys: readonly string[]): Promise<() => Promise<void>>;
}

/** A log of streams with those who follow it, and the time that they live in. */
export interface LogTwin {
  readonly log: StreamLog;
  readonly live: RedisLiveStreams;
  readonly keys: RedisKeys;
  readonly keyspace: KeyAccess;
  /** The clock that the log compares ages with, in ms. */
  nowMs(): number;
  /** Lets time pass until the condition holds. */
  waitFor(why: string, condition: () => Promise<boolean> | boolean): Promise<unknown>;
}

export type OpenLog = (limits?: Partial<StreamsConfig>) => LogTwin;

export const usualLimits: StreamsConfig = {
  windowMs: 60_000,
  windowMessages: 1_000,
  windowBytes: 1_048_576,
  appendDeadlineMs: 5_000,
  lateMs: 10_000,
  canaryMs: 100,
};
export const usualSessions: SessionsConfig = { ttlMs: 60_000, sweepMs: 60_000 };

/** In memory, with a clock that moves only while something is waited for. */
export function memoryLogTwin(limits: Partial<StreamsConfig> = {}): LogTwin & { readonly clock: ManualClock } {
  const clock = new ManualClock();
  const keyspace = new MemoryKeyspace(clock);
  const channels = new MemoryChannels();
  const keys = new RedisKeys('m:');
  const publish = (channel: string, message: string) => {
    channels.publish(channel, message);
  };
  const log = new MemoryStreamLog(
    { keyspace, keys, clock, publish },
    appendLimits({ ...usualLimits, ...limits }, usualSessions),
  );
  const live = new RedisLiveStreams(log, channels, keys, clock, silentLogger);
  return {
    clock,
    log,
    live,
    keys,
    keyspace: memoryKeys(keyspace),
    nowMs: () => clock.now(),
    waitFor: eventuallyBy(clock),
  };
}

function memoryKeys(keyspace: MemoryKeyspace): KeyAccess {
  return {
    ttlMs: (key) => Promise.resolve(keyspace.ttlMs(key)),
    expireIn: async (key, ttlMs) => {
      await Promise.resolve();
      keyspace.expireIn(key, ttlMs);
    },
    remove: async (key) => {
      await Promise.resolve();
      keyspace.put(key, null);
    },
    spoil: async (key) => {
      await Promise.resolve();
      keyspace.set(key, 'spoilt', '', 60_000);
    },
    remember: (keys) => {
      const before = keys.map((key) => [key, keyspace.record(key)] as const);
      return Promise.resolve(async () => {
        await Promise.resolve();
        for (const [key, record] of before) keyspace.put(key, record);
      });
    },
  };
}

/** What a test needs of a Redis of any topology beside the product's connection. */
export type RedisForTests = Pick<Redis, 'pttl' | 'pexpire' | 'del' | 'set' | 'dumpBuffer' | 'restore'>;

/** In a real Redis of any topology, in real time. */
export function redisLogTwin(
  { commands, subscriber }: RedisConnection,
  admin: RedisForTests,
  keyPrefix: string,
  limits: Partial<StreamsConfig> = {},
): LogTwin {
  const keys = new RedisKeys(keyPrefix);
  const ports = { redis: commands, keys, clock: systemClock, observeAppendSeconds: () => undefined };
  const log = new RedisStreamLog(ports, { ...usualLimits, ...limits }, usualSessions);
  return {
    log,
    live: new RedisLiveStreams(log, subscriber, keys, systemClock, silentLogger),
    keys,
    keyspace: redisKeys(admin),
    nowMs: () => systemClock.now(),
    waitFor: eventually,
  };
}

function redisKeys(admin: RedisForTests): KeyAccess {
  return {
    async ttlMs(key) {
      const ttlMs = await admin.pttl(key);
      return ttlMs < 0 ? null : ttlMs;
    },
    async expireIn(key, ttlMs) {
      await admin.pexpire(key, ttlMs);
    },
    async remove(key) {
      await admin.del(key);
    },
    async spoil(key) {
      await admin.del(key);
      await admin.set(key, 'spoilt', 'PX', 60_000);
    },
    async remember(keys) {
      const before = await Promise.all(keys.map(async (key) => [key, await dump(admin, key)] as const));
      return async () => {
        await Promise.all(before.map(([key, held]) => putBack(admin, key, held)));
      };
    },
  };
}

interface Held {
  readonly value: Buffer;
  readonly ttlMs: number;
}

async function dump(admin: RedisForTests, key: string): Promise<Held | null> {
  const value = (await admin.dumpBuffer(key)) as Buffer | null;
  return value === null ? null : { value, ttlMs: Math.max(0, await admin.pttl(key)) };
}

async function putBack(admin: RedisForTests, key: string, held: Held | null): Promise<void> {
  if (held === null) await admin.del(key);
  else await admin.restore(key, held.ttlMs, held.value, 'REPLACE');
}
