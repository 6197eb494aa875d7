import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Conversation, undisturbed, type Outcome } from '../support/faults/conversation.js';
import { DurableRedis } from '../support/faults/durable-redis.js';
import { PodsHere } from '../support/faults/pods-here.js';
import { eventually } from '../support/eventually.js';
import { RedisProxy } from '../support/stage/redis-proxy.js';

/** Two pods over a Redis of their own, each behind a proxy that can cut it off at once, as its death would. */
class World {
  private constructor(
    readonly redis: DurableRedis,
    readonly pods: PodsHere,
    private readonly ways: Readonly<Record<'a' | 'b', RedisProxy>>,
  ) {}

  static async make(): Promise<World> {
    const redis = await DurableRedis.start();
    const ways = { a: await RedisProxy.start(redis.url), b: await RedisProxy.start(redis.url) };
    const pods = await PodsHere.install({ url: redis.url, keyPrefix: `test-${randomBytes(6).toString('hex')}:` });
    const world = new World(redis, pods, ways);
    await Promise.all([world.startPod('a'), world.startPod('b')]);
    return world;
  }

  /** As by SIGKILL: what it has not said to Redis by now it never says, nor to its client. */
  async restartPod(name: 'a' | 'b', { client }: Conversation): Promise<void> {
    this.ways[name].cut();
    if (client.pod === name) client.cut();
    await this.pods.end(name);
    this.ways[name].mend();
    await this.startPod(name);
  }

  async close(): Promise<void> {
    await this.pods.close();
    await Promise.all(Object.values(this.ways).map((way) => way.stop()));
    await this.redis.stop();
  }

  private async startPod(name: 'a' | 'b'): Promise<void> {
    // What a process that was killed doesn't do, the rest of this one may go on trying for so long.
    await this.pods.start(name, { BATON_REDIS_URL: this.ways[name].url, BATON_APPEND_DEADLINE_MS: '1000' });
  }
}

const restarts: Readonly<Record<string, (world: World, conversation: Conversation) => Promise<void>>> = {
  'the one pod': (world, conversation) => world.restartPod('a', conversation),
  'the other pod': (world, conversation) => world.restartPod('b', conversation),
  Redis: (world) => world.redis.restart(),
  "the client's connection": async (_world, { client }) => {
    client.cut();
  },
  'the backend': (_world, conversation) => conversation.restartBackend(),
};

const worlds: Promise<World>[] = [];
afterAll(async () => {
  for (const world of worlds) await (await world).close();
});

/** Of a conversation. */
const STEPS = 8;

/** The restart begins between two steps, and the next one doesn't wait for its end. */
async function disturbed(world: World, process: string, before: number): Promise<Outcome> {
  const conversation = new Conversation(world.pods, `${before}`);
  let restarted = Promise.resolve();
  try {
    for (const [index, step] of Object.values(conversation.steps).entries()) {
      if (index === before) restarted = restarts[process]?.(world, conversation) ?? restarted;
      await step();
    }
  } finally {
    await restarted;
  }
  expect(Object.keys(conversation.steps)).toHaveLength(STEPS);
  const outcome = await conversation.end();
  await eventually('`bye` to have ended the session', () => conversation.isGone());
  return outcome;
}

async function everyBoundary(process: string): Promise<ReadonlyMap<string, Outcome>> {
  const made = World.make();
  worlds.push(made);
  const world = await made;
  const outcomes = new Map<string, Outcome>();
  for (let step = 0; step < STEPS; step += 1)
    outcomes.set(`before step ${step}`, await disturbed(world, process, step));
  return outcomes;
}

// At the same time: most of it is waiting for something to start.
const told = new Map<string, Promise<ReadonlyMap<string, Outcome>>>();
beforeAll(async () => {
  for (const process of Object.keys(restarts)) told.set(process, everyBoundary(process));
  await Promise.allSettled(told.values());
}, 120_000);

describe('a conversation goes on as if nothing had happened when', () => {
  it.each(Object.keys(restarts))('%s is restarted between any two of its steps', async (process) => {
    const outcomes = (await told.get(process)) ?? new Map<string, Outcome>();
    expect(outcomes.size).toBe(STEPS);
    for (const [step, outcome] of outcomes) expect({ step, ...outcome }).toEqual({ step, ...undisturbed });
  });
});
