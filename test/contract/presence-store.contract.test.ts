import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/lib/clock.js';
import { randomId } from '../../src/lib/random-id.js';
import { MemoryPresenceStore } from '../../src/messaging/memory-presence-store.js';
import {
  parsePresenceChange,
  type Entrant,
  type PresenceChange,
  type PresenceStore,
} from '../../src/messaging/presence-store.js';
import { RedisPresenceStore } from '../../src/messaging/redis-presence-store.js';
import { asChannelName, asConnectionId, asPodId, asSessionId, asTenantId, asUserId } from '../../src/protocol/ids.js';
import { RedisKeys, type PresenceKeys } from '../../src/redis/keys.js';
import type { RedisConnection } from '../../src/redis/redis-connection.js';
import type { RedisSubscriber } from '../../src/redis/redis-ports.js';
import { MemoryChannels } from '../../src/streams/memory-channels.js';
import { MemoryKeyspace } from '../../src/streams/memory-keyspace.js';
import { eventually } from '../support/eventually.js';
import { redisConnection } from '../support/redis-connection.js';
import { withTopologyConnection } from '../support/redis-topologies/with-topology-connection.js';
import { withRedis } from '../support/with-redis.js';

interface Twin {
  readonly subscriber: Pick<RedisSubscriber, 'subscribe'>;
  /** One whose entries live for two times `sweepMs`, with so many in a channel. */
  storeWith(sweepMs: number, most?: number): PresenceStore;
}

const sessions = (sweepMs: number) => ({ ttlMs: 60_000, sweepMs });
const entrant = (name: string, attempt = 1, connection = `${name}${attempt}`): Entrant => ({
  session: asSessionId(name),
  user: asUserId(`user-of-${name}`),
  pod: asPodId(`pod-of-${connection}`),
  attempt,
  connection: asConnectionId(connection),
});

/** `twin` is asked in a hook or a test. */
function saysWhoIsThere(twin: () => Twin): void {
  let store: PresenceStore;
  let keys: PresenceKeys;
  let told: PresenceChange[];
  const roomOf = (tenant: string) => store.keysOf(asTenantId(tenant), asChannelName(`room-${randomId()}`));
  const users = async () => (await store.list(keys)).members.map(({ user }) => user).sort();
  const leave = (name: string, connection: string) => store.leave(keys, asSessionId(name), asConnectionId(connection));

  beforeEach(async () => {
    store = twin().storeWith(30_000);
    keys = roomOf('acme');
    told = [];
    const heard = told;
    await twin().subscriber.subscribe(keys.told, (message) => {
      const change = parsePresenceChange(message);
      if (change) heard.push(change);
    });
  });

  it('nobody, where nobody has entered', async () => {
    expect(await store.list(keys)).toEqual({ changes: 0, members: [] });
  });

  it('everybody who has entered, since when, and on which pod', async () => {
    const beganMs = Date.now();
    expect(await store.enter(keys, entrant('ann'))).toBe(1);
    expect(await store.enter(keys, entrant('bob'))).toBe(2);
    const { changes, members } = await store.list(keys);
    expect(changes).toBe(2);
    expect(members.toSorted((a, b) => (a.session < b.session ? -1 : 1))).toMatchObject([
      { session: 'ann', user: 'user-of-ann', pod: 'pod-of-ann1' },
      { session: 'bob', user: 'user-of-bob', pod: 'pod-of-bob1' },
    ]);
    for (const { since } of members) expect(Math.abs(since - beganMs)).toBeLessThan(5_000);
  });

  it('tells each change once, numbered, in order', async () => {
    await store.enter(keys, entrant('ann'));
    await store.enter(keys, entrant('bob'));
    await leave('ann', 'ann1');
    await eventually('three changes', () => told.length === 3);
    expect(told).toMatchObject([
      { kind: 'put', number: 1, member: { session: 'ann', user: 'user-of-ann', pod: 'pod-of-ann1' } },
      { kind: 'put', number: 2, member: { session: 'bob' } },
      { kind: 'left', number: 3, session: 'ann' },
    ]);
    expect((await store.list(keys)).changes).toBe(3);
  });

  it('tells nobody of a refresh', async () => {
    await store.enter(keys, entrant('ann'));
    expect(await store.enter(keys, entrant('ann'))).toBe(1);
    await store.enter(keys, entrant('bob'));
    await eventually('two changes', () => told.length === 2);
    expect(told.map(({ number }) => number)).toEqual([1, 2]);
  });

  it('the higher attempt, which keeps the place that the session had', async () => {
    await store.enter(keys, entrant('ann'));
    const [before] = (await store.list(keys)).members;
    expect(await store.enter(keys, entrant('ann', 2))).toBe(2);
    expect(await store.enter(keys, entrant('ann', 1))).toBeNull();
    expect(await store.enter(keys, entrant('ann', 2, 'another'))).toBeNull();
    const { changes, members } = await store.list(keys);
    expect({ changes, members }).toEqual({
      changes: 2,
      members: [{ session: 'ann', user: 'user-of-ann', pod: 'pod-of-ann2', since: before?.since }],
    });
  });

  it('nothing of a leave by a connection that no longer holds the place, or of one said twice', async () => {
    await store.enter(keys, entrant('ann'));
    await store.enter(keys, entrant('ann', 2));
    await leave('ann', 'ann1');
    expect(await users()).toEqual(['user-of-ann']);
    await leave('ann', 'ann2');
    await leave('ann', 'ann2');
    expect(await store.list(keys)).toEqual({ changes: 3, members: [] });
  });

  it('other channels and tenants apart', async () => {
    await store.enter(keys, entrant('ann'));
    expect((await store.list(roomOf('acme'))).members).toEqual([]);
    const channel = asChannelName('same');
    await store.enter(store.keysOf(asTenantId('acme'), channel), entrant('ann'));
    expect((await store.list(store.keysOf(asTenantId('other'), channel))).members).toEqual([]);
  });

  it('no longer those whom nobody refreshes, who are told as gone, with a place of their own when they come back', async () => {
    store = twin().storeWith(750);
    await store.enter(keys, entrant('ann'));
    await eventually('ann to be gone', async () => {
      // Somebody else keeps the channel itself alive.
      await store.enter(keys, entrant('bob'));
      return (await users()).join() === 'user-of-bob';
    });
    await eventually('it to be told', () => told.some(({ kind }) => kind === 'left'));
    expect(told.filter(({ kind }) => kind === 'left')).toEqual([{ kind: 'left', number: 3, session: 'ann' }]);
    expect(await store.enter(keys, entrant('ann'))).toBe(4);
  });
}

/** `twin` is asked in a hook or a test. */
function keepsNoMoreThanMay(twin: () => Twin): void {
  const roomOf = (store: PresenceStore) => store.keysOf(asTenantId('acme'), asChannelName(`full-${randomId()}`));
  const full = expect.objectContaining({ code: 'channel-full' });

  it('a full channel takes nobody else, and whoever is in it as before', async () => {
    const store = twin().storeWith(30_000, 2);
    const keys = roomOf(store);
    await store.enter(keys, entrant('ann'));
    await store.enter(keys, entrant('bob'));
    await expect(store.enter(keys, entrant('cleo'))).rejects.toThrow(full);
    expect(await store.enter(keys, entrant('ann'))).toBe(2);
    expect(await store.enter(keys, entrant('ann', 2))).toBe(3);
    expect((await store.list(keys)).members.map(({ session }) => session).sort()).toEqual(['ann', 'bob']);
    await store.leave(keys, asSessionId('bob'), asConnectionId('bob1'));
    expect(await store.enter(keys, entrant('cleo'))).toBe(5);
    await expect(store.enter(keys, entrant('bob'))).rejects.toThrow(full);
  });

  it('what nobody refreshes makes room, and is told as gone', async () => {
    const store = twin().storeWith(750, 2);
    const keys = roomOf(store);
    const told: (PresenceChange | null)[] = [];
    await twin().subscriber.subscribe(keys.told, (message) => told.push(parsePresenceChange(message)));
    await store.enter(keys, entrant('ann'));
    await store.enter(keys, entrant('bob'));
    await eventually('room for another', async () => {
      // Somebody keeps the channel itself alive.
      await store.enter(keys, entrant('ann'));
      return store.enter(keys, entrant('cleo')).then(
        () => true,
        () => false,
      );
    });
    await eventually('it to be told', () => told.length >= 4);
    expect(told).toMatchObject([{ kind: 'put' }, { kind: 'put' }, { kind: 'left', session: 'bob' }, { kind: 'put' }]);
    expect((await store.list(keys)).members.map(({ session }) => session).sort()).toEqual(['ann', 'cleo']);
  });
}

/** `twin` is asked in a hook or a test. */
function clearsWhatDeadPodsLeft(twin: () => Twin): void {
  it('what pods left that are gone is cleared, a hundred at a time, and told as gone; what has moved on stays', async () => {
    const store = twin().storeWith(30_000);
    const keys = store.keysOf(asTenantId('acme'), asChannelName(`left-${randomId()}`));
    const told: (PresenceChange | null)[] = [];
    await twin().subscriber.subscribe(keys.told, (message) => told.push(parsePresenceChange(message)));
    const [gone, other] = [asPodId('gone'), asPodId('other-gone')];
    for (let number = 0; number < 150; number += 1)
      await store.enter(keys, { ...entrant(`s${number}`), pod: number % 2 === 0 ? gone : other });
    for (const name of ['s0', 's1']) await store.enter(keys, entrant(name, 2));
    expect(await store.clear(keys, [asPodId('unheard-of')])).toBe(0);
    expect(await store.clear(keys, [])).toBe(0);
    expect(await store.clear(keys, [gone, other])).toBe(100);
    expect(await store.clear(keys, [gone, other])).toBe(48);
    expect(await store.clear(keys, [gone, other])).toBe(0);
    const { changes, members } = await store.list(keys);
    expect([changes, ...members.map(({ session }) => session).sort()]).toEqual([300, 's0', 's1']);
    await eventually('all to be told', () => told.length === 300);
    expect(told.map((change) => change?.number)).toEqual(Array.from({ length: 300 }, (_, at) => at + 1));
    const left = told.flatMap((change) => (change?.kind === 'left' ? [change.session] : []));
    expect(new Set(left).size).toBe(148);
    expect(await store.enter(keys, entrant('s2'))).toBe(301);
  });
}

describe('presence in memory', () => {
  const keyspace = new MemoryKeyspace(systemClock);
  const channels = new MemoryChannels();
  const publish = (channel: string, message: string) => {
    channels.publish(channel, message);
  };
  const ports = { keyspace, keys: new RedisKeys('m:'), clock: systemClock, publish };
  const twin = (): Twin => ({
    subscriber: channels,
    storeWith: (sweepMs, most) => new MemoryPresenceStore(ports, sessions(sweepMs), most),
  });
  saysWhoIsThere(twin);
  keepsNoMoreThanMay(twin);
  clearsWhatDeadPodsLeft(twin);
});

describe('presence in Redis', () => {
  const redis = withRedis();
  let connection: RedisConnection;
  let keys: RedisKeys;
  beforeAll(async () => {
    const keyPrefix = redis.keyPrefix();
    keys = new RedisKeys(keyPrefix);
    connection = redisConnection(redis.url, keyPrefix);
    await connection.start();
  });
  afterAll(() => {
    connection.close();
  });
  const twin = (): Twin => ({
    subscriber: connection.subscriber,
    storeWith: (sweepMs, most) => new RedisPresenceStore(connection.commands, keys, sessions(sweepMs), most),
  });
  saysWhoIsThere(twin);
  keepsNoMoreThanMay(twin);
  clearsWhatDeadPodsLeft(twin);
});

describe('presence in a cluster', () => {
  const cluster = withTopologyConnection('cluster');
  clearsWhatDeadPodsLeft(() => ({
    subscriber: cluster.connection.subscriber,
    storeWith: (sweepMs, most) =>
      new RedisPresenceStore(cluster.connection.commands, new RedisKeys(cluster.keyPrefix), sessions(sweepMs), most),
  }));
});
