import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { PodsHere } from '../support/faults/pods-here.js';
import { RawClient } from '../support/raw-client.js';
import { redisAdmin } from '../support/redis-admin.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis({ alwaysOwn: true });
let keyPrefix: string;
let pods: PodsHere;
let admin: ReturnType<typeof redisAdmin>;

beforeAll(async () => {
  keyPrefix = redis.keyPrefix();
  pods = await PodsHere.install({ url: redis.url, keyPrefix });
  await Promise.all([pods.start('a'), pods.start('b')]);
  admin = redisAdmin(redis.url);
});
afterAll(async () => {
  admin.disconnect();
  await pods.close();
});

interface Held {
  readonly client: RawClient;
  readonly session: string;
  readonly resume: string;
}

const rowOf = (session: string): string => `${keyPrefix}{acme/s/${session}}:row`;

/** Whatever comes but `busy`, which pods say until they have Redis back. */
async function hello(pod: string, fields: object): Promise<RawClient> {
  return eventually('an answer', async () => {
    const client = await RawClient.open(`${pods.url(pod)}/v1/connect`);
    client.send({ type: 'hello', streams: {}, can: ['overlap'], hops: 0, ...fields });
    await eventually('an answer', () => client.frames.length > 0 || client.closed, { everyMs: 2 });
    return client.of('busy').length === 0 && client;
  });
}

async function join(pod: string): Promise<Held> {
  const client = await hello(pod, { attempt: 1, token: await pods.token('ada') });
  const { session, resume } = await client.next('welcome');
  return { client, session, resume };
}

const resumeAt = (pod: string, attempt: number, { session, resume }: Held): Promise<RawClient> =>
  hello(pod, { attempt, session, resume });

/** What a failover to a replica that lagged behind makes of a row. */
async function rewound(session: string, toThen: () => Promise<unknown>): Promise<void> {
  const then = await admin.dumpBuffer(rowOf(session));
  await toThen();
  await admin.restore(rowOf(session), 60_000, then, 'REPLACE');
}

/** Pods can't know what was said meanwhile. */
const cutSubscribers = (): Promise<unknown> => admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');

describe('after pods lost their subscriber connections', () => {
  it('a row that Redis has lost is not made again: the client is told that its session has gone', async () => {
    const held = await join('a');
    await admin.del(rowOf(held.session));
    await cutSubscribers();
    expect((await held.client.close()).code).toBe(4010);
    expect(await admin.exists(rowOf(held.session))).toBe(0);
    expect((await (await resumeAt('b', 2, held)).close()).code).toBe(4010);
  });

  it('a row that was rewound names its highest attempt again, and only that stays connected', async () => {
    const held = await join('a');
    let second: RawClient | undefined;
    await rewound(held.session, async () => {
      second = await resumeAt('b', 2, held);
      await second.next('welcome');
      expect(await held.client.close()).toEqual({ code: 4500, reason: '2' });
    });
    expect(await admin.hget(rowOf(held.session), 'attempt')).toBe('1');
    await cutSubscribers();
    await second?.next('probe');
    expect(await admin.hmget(rowOf(held.session), 'attempt', 'detached')).toEqual(['2', null]);
    expect(second?.closed).toBeNull();
    second?.terminate();
  });

  it('a row that was taken unheard is left to who has it, and the connection is told who', async () => {
    const held = await join('a');
    await admin.hset(rowOf(held.session), { attempt: '7', connection: 'elsewhere', pod: 'elsewhere' });
    await cutSubscribers();
    expect(await held.client.close()).toEqual({ code: 4500, reason: '7' });
    expect(await admin.hmget(rowOf(held.session), 'connection', 'detached')).toEqual(['elsewhere', null]);
  });

  it('a credential whose renewal Redis has lost is written again', async () => {
    const held = await join('a');
    const expiry = () => admin.hget(rowOf(held.session), 'expires');
    let renewed: string | null = null;
    await admin.hset(rowOf(held.session), 'expires', String(Date.now() + 30_000));
    await rewound(held.session, async () => {
      held.client.send({ type: 'token', token: await pods.token('ada') });
      await held.client.next('credential');
      renewed = await expiry();
    });
    expect(await expiry()).not.toBe(renewed);
    await cutSubscribers();
    await held.client.next('probe');
    expect(await expiry()).toBe(renewed);
    held.client.terminate();
  });

  it('a claim that Redis refuses for the moment is repeated until it is answered', async () => {
    const [lost, kept] = [await join('a'), await join('a')];
    await admin.del(rowOf(lost.session));
    await admin.config('SET', 'min-replicas-to-write', '1');
    try {
      await cutSubscribers();
      await eventually('a claim to be refused', async () => (await refusals()) > 0);
    } finally {
      await admin.config('SET', 'min-replicas-to-write', '0');
    }
    expect((await lost.client.close()).code).toBe(4010);
    await kept.client.next('probe');
    expect(kept.client.closed).toBeNull();
    kept.client.terminate();
  });
});

describe('what was said to a Redis that refused for the moment', () => {
  it.each([
    ['the end of a connection', (client: RawClient) => client.terminate(), ['1', '1']],
    ['the end of a session', (client: RawClient) => client.send({ type: 'bye' }), [null, null]],
  ])('%s is said again when it is back', async (_what, say, row) => {
    const held = await join('a');
    const before = await refusals();
    await admin.config('SET', 'min-replicas-to-write', '1');
    try {
      say(held.client);
      await eventually('it to be refused', async () => (await refusals()) > before);
    } finally {
      await admin.config('SET', 'min-replicas-to-write', '0');
    }
    await cutSubscribers();
    await eventually('it to be done', async () => {
      const found = await admin.hmget(rowOf(held.session), 'attempt', 'detached');
      return JSON.stringify(found) === JSON.stringify(row);
    });
  });
});

describe('a session that ends', () => {
  it('is told to the connection that has it, on whatever pod', async () => {
    const held = await join('b');
    expect((await pods.call('a', 'DELETE', `/v1/sessions/${held.session}`)).status).toBe(204);
    expect((await held.client.close()).code).toBe(4010);
  });

  it('is told to the connection that it has just moved away from, too', async () => {
    const held = await join('a');
    const second = await resumeAt('b', 2, held);
    await second.next('welcome');
    expect((await pods.call('b', 'DELETE', `/v1/sessions/${held.session}`)).status).toBe(204);
    expect((await second.close()).code).toBe(4010);
    expect([4010, 4500]).toContain((await held.client.close()).code);
  });

  it('while its pod hears nothing is noticed as soon as it hears again', async () => {
    const held = await join('b');
    // In one transaction: the pod's connections are gone before the end is told.
    await admin.multi().call('CLIENT', 'KILL', 'TYPE', 'pubsub').del(rowOf(held.session)).exec();
    expect((await held.client.close()).code).toBe(4010);
  });

  it.each([
    ['once it is open', 'open'],
    ['when it has just moved', 'leaving'],
    ['before `welcome`', 'claiming'],
  ] as const)('is over after `bye` %s', async (_when, state) => {
    const held = await join('a');
    let speaker = held.client;
    let other: RawClient | null = null;
    if (state === 'leaving') {
      other = await resumeAt('b', 2, held);
      await other.next('welcome');
    }
    if (state === 'claiming') {
      speaker = await RawClient.open(`${pods.url('b')}/v1/connect`);
      const { session, resume } = held;
      speaker.send({ type: 'hello', attempt: 2, session, resume, streams: {}, can: [], hops: 0 });
    }
    speaker.send({ type: 'bye' });
    expect([1000, 4010, 4500]).toContain((await speaker.close()).code);
    if (state === 'open') expect(speaker.closed?.code).toBe(1000);
    if (other) expect((await other.close()).code).toBe(4010);
    await eventually('the row to be gone', async () => (await admin.exists(rowOf(held.session))) === 0);
    expect((await (await resumeAt('a', 3, held)).close()).code).toBe(4010);
  });
});

async function refusals(): Promise<number> {
  const [, count = '0'] = /errorstat_NOREPLICAS:count=(\d+)/.exec(await admin.info('errorstats')) ?? [];
  return Number(count);
}
