import type { Redis } from 'ioredis';
import { RedisPaceBucket } from '../../../src/draining/redis-pace-bucket.js';
import { RedisFleetTable } from '../../../src/fleet/redis-fleet-table.js';
import { systemClock } from '../../../src/lib/clock.js';
import { randomId } from '../../../src/lib/random-id.js';
import { RedisPresenceStore } from '../../../src/messaging/redis-presence-store.js';
import { asChannelName, asPodId, asPublisherId, type PublisherId } from '../../../src/protocol/ids.js';
import { RedisKeys, type PresenceKeys, type StreamKeys, type StreamOwner } from '../../../src/redis/keys.js';
import type { RedisConnection } from '../../../src/redis/redis-connection.js';
import type { RedisCommands, ScriptName } from '../../../src/redis/redis-ports.js';
import { RedisSessionStore } from '../../../src/sessions/redis-session-store.js';
import type { Claim, SessionKey } from '../../../src/sessions/session-store.js';
import { RedisStreamLog } from '../../../src/streams/redis-stream-log.js';
import type { SequencedItem } from '../../../src/streams/stream-log.js';
import { podRow } from '../pod-rows.js';
import { A, ann, claimOf, fieldsOf, newSession } from '../sessions/claims.js';
import { silentLogger } from '../silent-logger.js';
import { room } from '../stream-pod.js';
import { webhookCases } from './webhook-cases.js';

const sessions = { ttlMs: 60_000, sweepMs: 60_000 };
const streams = {
  windowMs: 60_000,
  windowMessages: 1_000,
  windowBytes: 1_048_576,
  appendDeadlineMs: 10_000,
  lateMs: 20_000,
  canaryMs: 60_000,
};

/** What a pod does with Redis, in a corner of it that nobody else uses, and a look behind its back. */
export class Corner {
  readonly keys: RedisKeys;
  readonly store: RedisSessionStore;
  readonly log: RedisStreamLog;
  readonly fleet: RedisFleetTable;
  readonly pace: RedisPaceBucket;
  readonly presence: RedisPresenceStore;
  readonly key: SessionKey = newSession();
  readonly channel: StreamOwner = room('acme');
  private readonly publisher: PublisherId = asPublisherId(randomId());

  constructor(
    private readonly connection: RedisConnection,
    keyPrefix: string,
    readonly raw: Redis,
  ) {
    const { commands: redis } = connection;
    this.keys = new RedisKeys(keyPrefix);
    this.store = new RedisSessionStore(redis, this.keys, sessions, silentLogger);
    const ports = { redis, keys: this.keys, clock: systemClock, observeAppendSeconds: () => undefined };
    this.log = new RedisStreamLog(ports, streams, sessions);
    this.fleet = new RedisFleetTable(redis, this.keys, pod, 60_000);
    this.pace = new RedisPaceBucket(redis, this.keys);
    this.presence = new RedisPresenceStore(redis, this.keys, sessions);
  }

  get redis(): RedisCommands {
    return this.connection.commands;
  }
  get row(): string {
    return this.keys.sessionRow(this.key.tenant, this.key.session);
  }
  get stream(): StreamKeys {
    return this.keys.stream(this.channel);
  }
  get guard(): string {
    return this.stream.publisher(this.key.session, this.publisher);
  }
  get firstClaim(): Claim {
    return claimOf(this.key, 1, A, { create: fieldsOf(Date.now() + 3_600_000) });
  }
  publish(seq: number): Promise<unknown> {
    const readAtMs = this.connection.commands.timeMs(this.stream.log);
    const item: SequencedItem = {
      ...{ kind: 'publish', session: this.key.session, publisher: this.publisher },
      ...{ seq, after: seq - 1, data: `"${seq}"`, readAtMs },
    };
    return this.log.append(this.channel, item);
  }
  get place(): PresenceKeys {
    return this.presence.keysOf(this.key.tenant, asChannelName('room'));
  }
  enter(): Promise<number | null> {
    const { session } = this.key;
    return this.presence.enter(this.place, { session, user: ann, pod, attempt: 1, connection: A });
  }
  touch(): Promise<void> {
    return this.log.touch(this.channel, this.key.session, this.publisher);
  }
}

/** One script: who calls it, what its caller may be answered in the end, and what has happened then. */
export interface ScriptCase {
  readonly prepare?: (corner: Corner) => Promise<unknown>;
  /** Once, and once more if the first was rejected. */
  readonly call: (corner: Corner) => Promise<unknown>;
  /** As `toMatchObject` has it. */
  readonly answer: unknown;
  readonly effect: (corner: Corner) => Promise<unknown>;
  readonly expected: unknown;
}

const pod = asPodId('pod');
const claimed = (corner: Corner) => corner.store.claim(corner.firstClaim);
const ownerOf = (corner: Corner) => corner.raw.hmget(corner.row, 'attempt', 'connection', 'detached');
const put = (corner: Corner, version: number) => corner.store.putData(corner.key, 'place', `v${version}`, version);
const indexed = async ({ raw, keys, key }: Corner) => [
  await raw.zrange(keys.userSessions(key.tenant, ann), '0', '-1').then((found) => found.length),
  await raw.zrange(keys.tenantSessions(key.tenant), '0', '-1').then((found) => found.length),
];

const presentIn = async ({ raw, place, key }: Corner) => [
  await raw.hget(place.here, '#'),
  await raw.hexists(place.here, key.session),
];

export const scriptCases: Readonly<Record<ScriptName, ScriptCase>> = {
  ...webhookCases,
  append: {
    call: (corner) => Promise.all([corner.publish(1), corner.publish(2)]),
    answer: [{ kind: 'ack' }, { kind: 'ack' }],
    effect: async ({ raw, stream, guard }) => [await raw.xlen(stream.log), await raw.hget(guard, 'last')],
    expected: [2, '2'],
  },
  read: {
    call: ({ log, channel }) => log.read(channel, null, 10),
    answer: { kind: 'entries', entries: [], top: { offset: 0 } },
    effect: ({ raw, stream }) => raw.hget(stream.top, 'offset'),
    expected: '0',
  },
  touch: {
    prepare: async (corner) => {
      await corner.publish(1);
      await corner.raw.pexpire(corner.guard, 1_000);
    },
    call: (corner) => corner.touch(),
    answer: undefined,
    effect: async ({ raw, guard }) => (await raw.pttl(guard)) > 60_000,
    expected: true,
  },
  claim: {
    call: claimed,
    answer: { kind: 'claimed', row: { attempt: 1, connection: A, detached: false } },
    effect: ownerOf,
    expected: ['1', A, null],
  },
  detach: {
    prepare: claimed,
    call: ({ store, key }) => store.detach(key, 1, A),
    answer: true,
    effect: async (corner) => (await ownerOf(corner))[2] !== null,
    expected: true,
  },
  'end-session': {
    prepare: claimed,
    call: ({ store, key }) => store.end(key),
    // The repeat finds that it has gone.
    answer: false,
    effect: ({ raw, row }) => raw.exists(row),
    expected: 0,
  },
  'session-data': {
    prepare: claimed,
    call: (corner) => put(corner, 0),
    // The repeat finds what the first one wrote.
    answer: { kind: 'stored', version: 1 },
    effect: ({ raw, row }) => raw.hget(row, 'data:place'),
    expected: '1 "v0"',
  },
  'delete-data': {
    prepare: async (corner) => {
      await claimed(corner);
      await put(corner, 0);
    },
    call: ({ store, key }) => store.deleteData(key, 'place', 1),
    answer: { kind: 'deleted' },
    effect: ({ raw, row }) => raw.hmget(row, 'data:place', 'floor'),
    expected: [null, '1'],
  },
  'list-data': {
    prepare: async (corner) => {
      await claimed(corner);
      await put(corner, 0);
    },
    call: ({ store, key }) => store.listData(key),
    answer: [{ field: 'place', version: 1 }],
    effect: ({ raw, row }) => raw.hget(row, 'data:place'),
    expected: '1 "v0"',
  },
  'index-sessions': {
    call: claimed,
    answer: { kind: 'claimed', row: { attempt: 1, connection: A } },
    effect: indexed,
    expected: [1, 1],
  },
  'list-sessions': {
    prepare: claimed,
    call: ({ store, key }) => store.listByTenant(key.tenant, { limit: 10, after: null }),
    answer: { sessions: [{ attempt: 1, connection: A }], next: null },
    effect: indexed,
    expected: [1, 1],
  },
  'unlist-sessions': {
    prepare: async (corner) => {
      await claimed(corner);
      await corner.raw.zadd(corner.keys.tenantSessions(corner.key.tenant), String(Date.now() + 30_000), 'ghost');
    },
    call: ({ store, key }) => store.listByTenant(key.tenant, { limit: 10, after: null }),
    answer: { sessions: [{ attempt: 1, connection: A }], next: null },
    effect: indexed,
    expected: [1, 1],
  },
  'presence-enter': {
    call: (corner) => corner.enter(),
    answer: 1,
    effect: presentIn,
    expected: ['1', 1],
  },
  'presence-leave': {
    prepare: (corner) => corner.enter(),
    call: ({ presence, place, key }) => presence.leave(place, key.session, A),
    answer: undefined,
    effect: presentIn,
    expected: ['2', 0],
  },
  'presence-clear': {
    prepare: (corner) => corner.enter(),
    call: ({ presence, place }) => presence.clear(place, [pod]),
    answer: 0,
    effect: presentIn,
    expected: ['2', 0],
  },
  'presence-list': {
    prepare: (corner) => corner.enter(),
    call: ({ presence, place }) => presence.list(place),
    answer: { changes: 1, members: [{ user: ann, pod }] },
    effect: presentIn,
    expected: ['1', 1],
  },
  beat: {
    call: ({ fleet }) => fleet.beat(podRow('pod')),
    answer: { rows: [{ name: 'pod' }] },
    effect: ({ raw, keys }) => raw.zrange(keys.pods, '0', '-1'),
    expected: [pod],
  },
  leave: {
    prepare: ({ fleet }) => fleet.beat(podRow('pod')),
    call: ({ fleet }) => fleet.leave(pod),
    answer: undefined,
    effect: async ({ raw, keys }) => [await raw.zcard(keys.pods), await raw.exists(keys.pod(pod))],
    expected: [0, 0],
  },
  'take-pace': {
    // The one whose repeat takes again: what was granted without an answer is lost, and no more is granted than there is.
    call: ({ pace }) => pace.take(3, 0.001),
    answer: 0,
    effect: async ({ raw, keys }) => Math.floor(Number(await raw.hget(keys.pace, 'tokens'))),
    expected: 0,
  },
};
