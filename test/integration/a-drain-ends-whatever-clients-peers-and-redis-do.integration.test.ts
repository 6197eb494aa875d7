import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DrainCoordinator } from '../../src/draining/drain-coordinator.js';
import { eventually } from '../support/eventually.js';
import { FrameGate } from '../support/hand-over/frame-gate.js';
import { GatedPods, holdersOf, rowOf, type GatedPod } from '../support/hand-over/gated-pods.js';
import { Traveller, upTo } from '../support/hand-over/traveller.js';
import { joinAs } from '../support/in-process-pod.js';
import { RawClient } from '../support/raw-client.js';
import { withRedis } from '../support/with-redis.js';

const drain = { holdMs: 3_500, handOverMs: 2_000, closeMs: 800 };
const BUDGET_MS = drain.holdMs + drain.handOverMs + drain.closeMs;
/** Of a busy machine. */
const SLACK_MS = 3_000;
const times = {
  BATON_DRAIN_HOLD_MS: String(drain.holdMs),
  BATON_DRAIN_HAND_OVER_MS: String(drain.handOverMs),
  BATON_DRAIN_CLOSE_MS: String(drain.closeMs),
};

/** An installation of its own, and what has to be ended with it. */
class World {
  readonly #ends: (() => Promise<void> | void)[] = [];
  private constructor(readonly pods: GatedPods) {
    this.#ends.push(() => pods.close());
  }
  static async start(): Promise<World> {
    return new World(await GatedPods.install({ url: redis.url, keyPrefix: redis.keyPrefix() }));
  }
  pod(name: string, more: Readonly<Record<string, string>> = {}): Promise<GatedPod> {
    return this.pods.start(name, { ...times, ...more });
  }
  /** A client that talks to itself: what it hears is what it has said, once and in order, or it shows. */
  async traveller(user: string, url: readonly string[], overlap = true): Promise<Traveller> {
    const traveller = new Traveller(user, { url, overlap, token: () => this.pods.token(user) });
    this.#ends.unshift(() => traveller.leave());
    await traveller.follow(`channel:of-${user}`);
    traveller.talk(`channel:of-${user}`);
    return traveller;
  }
  /** Reads nothing from now on. */
  async deaf(pod: GatedPod): Promise<RawClient> {
    const { client } = await joinAs(pod.pod.port, await this.pods.token('dan'), ['channel:noise']);
    client.pause();
    this.#ends.unshift(() => {
      client.terminate();
    });
    return client;
  }
  /** One URL for whatever pod was started last, as a Service has. */
  async front(): Promise<FrameGate> {
    const front = await FrameGate.start(() => this.pods.all.at(-1)?.pod.port ?? 0);
    this.#ends.unshift(() => {
      front.close();
    });
    return front;
  }
  async end(): Promise<void> {
    for (const end of this.#ends) await end();
  }
}

const redis = withRedis();

const drainOf = ({ pod }: GatedPod): DrainCoordinator => pod.app.get(DrainCoordinator);

/** How long it took, in ms. */
async function drained({ pod }: GatedPod): Promise<number> {
  const beganMs = performance.now();
  pod.drain.begin('SIGTERM');
  await pod.drain.finished;
  return performance.now() - beganMs;
}
/** Everything that it said has come back to it, once and in order, and nobody else holds its session. */
async function isWhole({ pods }: World, traveller: Traveller): Promise<void> {
  await eventually('the client to be connected', () => traveller.client.state.kind === 'connected', {
    withinMs: 10_000,
  });
  const before = traveller.said;
  await eventually('more to be said', () => traveller.said > before + 5);
  await traveller.hush();
  const { said } = traveller;
  expect(await traveller.hearsAll(`channel:of-${traveller.user}`, said)).toEqual(upTo(said));
  expect([...traveller.resets, ...traveller.failures]).toEqual([]);
  await eventually('one owner', () => holdersOf(pods.living, traveller.session).length === 1);
}
const closesOf = (traveller: Traveller): readonly number[] =>
  traveller.events.flatMap((event) => (event.type === 'closed' ? [event.code] : []));

async function fateOfNewcomer({ clients }: GatedPod, token: string): Promise<readonly unknown[]> {
  const newcomer = await RawClient.open(`${clients.url}/v1/connect`);
  newcomer.send({ type: 'hello', attempt: 1, token, streams: {}, can: ['overlap'], hops: 0 });
  const { code } = await newcomer.close();
  return [...newcomer.frames.map(({ type }) => type), code];
}

type Story = (world: World) => Promise<void>;

const stories: Readonly<Record<string, Story>> = {
  'clients without overlap are closed 1012 at their turn, resume elsewhere and miss nothing': async (world) => {
    const [a, b] = await Promise.all([world.pod('a'), world.pod('b')]);
    const plain = await world.traveller('ada', [a.clients.url, b.clients.url], false);
    const { session } = plain;
    const tookMs = await drained(a);
    expect(tookMs).toBeLessThan(drain.holdMs + drain.handOverMs + SLACK_MS);
    await isWhole(world, plain);
    expect(closesOf(plain)).toEqual([1012]);
    expect(plain.session).toBe(session);
    expect(plain.pod).toBe('b');
    expect(plain.welcomes).toEqual([1, 2]);
  },

  'a client that never reads holds nobody up: the others move, and the pod ends in time': async (world) => {
    const [a, b] = await Promise.all([world.pod('a'), world.pod('b')]);
    const mover = await world.traveller('ada', [a.clients.url]);
    const noisy = await world.traveller('bob', [b.clients.url]);
    await world.deaf(a);
    const noise = 'x'.repeat(60_000);
    for (let batch = 0; batch < 3; batch += 1)
      await Promise.all(Array.from({ length: 40 }, () => noisy.client.publish('channel:noise', noise)));
    const tookMs = await drained(a);
    expect(drainOf(a).status()).toMatchObject({ phase: 'finished', moved: 1, forced: 1 });
    expect(tookMs).toBeLessThan(BUDGET_MS + SLACK_MS);
    await isWhole(world, mover);
    expect([mover.pod, closesOf(mover)]).toEqual(['b', [4500]]);
    // The process would now close the application, which must not wait for that client either.
    const beganMs = performance.now();
    await a.pod.close();
    expect(performance.now() - beganMs).toBeLessThan(4_000);
  },

  'when Redis goes in the middle, clients are kept until the deadline, closed 1012, and resume when it is back': async (
    world,
  ) => {
    // The hand-over takes longer than it takes to notice that Redis is away.
    const latestMs = 8_000;
    const slowly = {
      BATON_DRAIN_PACE_PER_RECEIVER: '2',
      BATON_DRAIN_HOLD_MS: String(latestMs / 2),
      BATON_DRAIN_HAND_OVER_MS: String(latestMs / 2),
      BATON_REDIS_COMMAND_TIMEOUT_MS: '1000',
    };
    const [a, b] = await Promise.all([world.pod('a', slowly), world.pod('b', slowly)]);
    const urls = [a.clients.url, b.clients.url];
    const users = ['u1', 'u2', 'u3', 'u4', 'u5', 'u6'];
    const movers = await Promise.all(users.map((user) => world.traveller(user, urls)));
    let moved = 0;
    for (const { client } of movers) {
      client.on('moved', () => {
        moved += 1;
        if (moved === 2) for (const { redis } of [a, b]) redis.swallows = 'everything';
      });
    }
    const ended = drained(a);
    await eventually('Redis to be away', () => moved >= 2, { withinMs: 10_000 });
    const left = movers.filter((mover) => mover.pod === 'a');
    expect(left.length).toBeGreaterThan(1);
    expect(drainOf(a).phase).toBe('handing-over');
    expect(await fateOfNewcomer(b, await world.pods.token('eve'))).toEqual(['busy', 1013]);
    expect(left.flatMap(closesOf).filter((code) => code === 1012)).toEqual([]);
    const tookMs = await ended;
    expect(tookMs).toBeGreaterThan(latestMs - 100);
    expect(tookMs).toBeLessThan(latestMs + drain.closeMs + SLACK_MS);
    expect(drainOf(a).status().forced).toBeGreaterThan(0);
    expect(left.every((mover) => mover.events.some((event) => event.type === 'closed' && event.wasCurrent))).toBe(true);
    for (const { redis } of [a, b]) redis.swallows = 'nothing';
    for (const mover of movers) await isWhole(world, mover);
    expect(new Set(movers.map(({ pod }) => pod))).toEqual(new Set(['b']));
  },

  'a receiver dies in the middle: who was sent there comes to another, and nobody is forced': async (world) => {
    const slowly = { BATON_DRAIN_PACE_PER_RECEIVER: '4', BATON_DRAIN_HAND_OVER_MS: '6000' };
    const names = ['a', 'b', 'c'];
    const [a, b, c] = await Promise.all(names.map((name) => world.pod(name, slowly)));
    if (!a || !b || !c) throw new Error('there are three pods');
    const users = ['u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7', 'u8'];
    const movers = await Promise.all(users.map((user) => world.traveller(user, [a.clients.url, c.clients.url])));
    const ended = drained(a);
    await eventually('one to be there', () => movers.some(({ pod }) => pod === 'b'), { withinMs: 10_000 });
    expect(drainOf(a).phase).toBe('handing-over');
    b.die();
    await ended;
    expect(drainOf(a).status().forced).toBe(0);
    for (const mover of movers) await isWhole(world, mover);
    expect(new Set(movers.map(({ pod }) => pod))).toEqual(new Set(['c']));
  },

  'the last pod keeps its clients until another is ready, and hands them over': async (world) => {
    // However long another takes to start.
    const only = await world.pod('only', { BATON_DRAIN_HOLD_MS: '25000', BATON_DRAIN_HAND_OVER_MS: '10000' });
    const front = await world.front();
    const mover = await world.traveller('ada', [front.url]);
    const ended = drained(only);
    await eventually('it to hold', () => drainOf(only).phase === 'holding');
    const next = await world.pod('next', { BATON_REVISION: 'two' });
    expect(mover.pod).toBe('only');
    await ended;
    expect(drainOf(only).status()).toMatchObject({ reason: 'rollout', moved: 1, forced: 0 });
    await isWhole(world, mover);
    expect([mover.pod, closesOf(mover)]).toEqual(['next', [4500]]);
    expect(await rowOf(next, mover.session)).toMatchObject({ attempt: 2, detached: false });
  },

  'the last pod of all closes 1012 at the deadline, and its clients resume at the first that comes': async (world) => {
    const only = await world.pod('only');
    const front = await world.front();
    const mover = await world.traveller('ada', [front.url]);
    const tookMs = await drained(only);
    expect(tookMs).toBeGreaterThan(drain.holdMs + drain.handOverMs - 100);
    expect(tookMs).toBeLessThan(BUDGET_MS + SLACK_MS);
    await eventually('the client to hear 1012', () => closesOf(mover)[0] === 1012);
    expect(drainOf(only).status()).toMatchObject({ moved: 0, forced: 1 });
    await only.pod.close();
    await world.pod('next');
    await isWhole(world, mover);
    expect(mover.pod).toBe('next');
  },
};

describe('a drain', () => {
  const told = new Map<string, Promise<void>>();
  const worlds: World[] = [];

  // At the same time: a drain is mostly waiting.
  beforeAll(async () => {
    for (const [name, story] of Object.entries(stories)) {
      const world = await World.start();
      worlds.push(world);
      const telling = story(world);
      telling.catch(() => undefined);
      told.set(name, telling);
    }
  });
  afterAll(async () => {
    await Promise.allSettled(told.values());
    await Promise.all(worlds.map((world) => world.end()));
  }, 30_000);

  it.each(Object.keys(stories))('in which %s', async (name) => {
    await told.get(name);
  });
});
