import { eventually } from '../eventually.js';
import type { Crowd } from './crowd.js';
import type { RedisFaults } from './redis-faults.js';
import { killOne, mostLoaded, rollOut } from './rollouts.js';
import type { Stage } from './stage.js';

/** What a trouble has to work with. */
export interface Scene {
  readonly stage: Stage;
  readonly crowd: Crowd;
  readonly redis: RedisFaults;
}

/**
 * What happens to a system under traffic, each about something that the design has an answer to. A trouble resolves when
 * it is over; clients may still be catching up.
 */
export const troubles = {
  /** None: tenants do the same things side by side. */
  traffic: async ({ crowd }: Scene) => {
    await received(crowd, 500);
  },

  /** Redis stops answering, a pod dies with what it has not been answered, Redis goes on: outcomes are unknown. */
  'redis-stalls-and-a-pod-dies': async ({ stage, crowd, redis }: Scene) => {
    const { process: pod } = mostLoaded(stage, crowd);
    redis.stall();
    try {
      await inFlight(crowd, 40);
      await pod.kill();
    } finally {
      redis.resume();
    }
    await backAgain(crowd);
  },

  /** A pod dies; then `hello`s arrive that its clients sent before. */
  'stragglers-after-a-crash': async ({ stage, crowd }: Scene) => {
    await killOne(stage, crowd);
    const answers = await crowd.straggle(5);
    const unheard = answers.filter((answer) => answer !== '4500' && answer !== 'welcome');
    if (unheard.length > 0) throw new Error(`stragglers must get to a claim, and got ${unheard.join(', ')}`);
  },

  /** The connection over which one pod hears of new entries is cut, again and again, while others append. */
  'subscribers-are-cut': async ({ crowd, redis }: Scene) => {
    for (let time = 0; time < 8; time += 1) {
      await redis.cutOneSubscriber();
      await received(crowd, 100);
    }
  },

  /** Redis loses the newest messages of all rooms without a sound, and the logs grow past where they were. */
  'rooms-are-rewound': async ({ crowd, redis }: Scene) => {
    const memory = await redis.remember('*/c/room-*');
    await received(crowd, 400);
    await redis.rewind('*/c/room-*', memory);
    await received(crowd, 1000);
  },

  /** Redis' messages and confirmations come late, a pod dies, and all goes quiet while its clients are coming back. */
  'subscribers-are-slow-and-a-pod-dies': async ({ stage, crowd }: Scene) => {
    const { process: pod, name } = mostLoaded(stage, crowd);
    const before = movesOf(crowd);
    const leaving = crowd.status.reduce((sum, { pods }) => sum + (pods[name] ?? 0), 0);
    const back = () => movesOf(crowd) - before >= leaving / 2;
    stage.ways.subscriberDelayMs = 400;
    try {
      await pod.kill();
      await eventually('half of the clients to be back', back, { withinMs: 20_000 });
      crowd.quiet();
      await backAgain(crowd);
    } finally {
      stage.ways.subscriberDelayMs = 0;
    }
  },

  /** Every pod is replaced. */
  rollout: async ({ stage, crowd }: Scene) => {
    await rollOut(stage, crowd, 'r2');
  },
} as const satisfies Record<string, (scene: Scene) => Promise<void>>;

export type TroubleName = keyof typeof troubles;

/** In these, and in no others, Redis loses messages that it had acknowledged. */
export const rewinding: ReadonlySet<string> = new Set<TroubleName>(['rooms-are-rewound']);

/** As soon as so many messages wait for their outcome. */
async function inFlight(crowd: Crowd, messages: number): Promise<void> {
  const waiting = () => crowd.status.reduce((sum, status) => sum + status.inFlight, 0);
  await eventually(`${messages} messages in flight`, () => waiting() >= messages, { withinMs: 1500 }).catch(
    () => undefined,
  );
}

/** Until clients have received so many more messages. */
export async function received(crowd: Crowd, more: number): Promise<void> {
  const all = () => crowd.status.reduce((sum, status) => sum + status.received, 0);
  const before = all();
  await eventually(`${more} more messages to be received`, () => all() - before >= more, { withinMs: 15_000 });
}

/** Until the crash has been noticed and everybody is connected again. */
async function backAgain(crowd: Crowd): Promise<void> {
  await crowd.reconnected(20_000);
}

const movesOf = (crowd: Crowd): number => crowd.status.reduce((sum, { moves }) => sum + moves, 0);
