import { eventually } from '../eventually.js';
import { nowUs } from '../judge/records.js';
import type { Crowd } from './crowd.js';
import type { PodNotes } from './pod-notes.js';
import type { RedisFaults } from './redis-faults.js';
import { mostLoaded, rollOut } from './rollouts.js';
import { roomsOf } from './stage-options.js';
import type { Stage } from './stage.js';

/** What a trouble has to work with. */
export interface Scene {
  readonly stage: Stage;
  readonly crowd: Crowd;
  readonly redis: RedisFaults;
  readonly notes: PodNotes;
}

/**
 * What happens to a system under traffic, each about something that the design has an answer to. A trouble resolves when
 * it is over; clients may still be catching up.
 */
export const troubles = {
  /** None: tenants do the same things side by side. */
  traffic: async ({ crowd }: Scene) => {
    await received(crowd, 500);
    // A backend's process may take longer to start than clients take to fill their rooms.
    await eventually('backends to send', () => crowd.sent > 60, { withinMs: 15_000 });
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

  /** Everybody comes back; then `hello`s arrive that they sent before. */
  'stragglers-after-a-cut': async ({ stage, crowd }: Scene) => {
    stage.balancer.cutAll();
    await backAgain(crowd);
    mustBeAnswered(await crowd.straggle(5, 'before'), '4500');
  },

  /** `hello`s arrive with the attempts that clients have now. */
  copies: async ({ crowd }: Scene) => {
    mustBeAnswered(await crowd.straggle(5, 'copy'), '4500');
  },

  /** `hello`s arrive for one session with the resume token of another. */
  forgers: async ({ crowd }: Scene) => {
    mustBeAnswered(await crowd.straggle(5, 'forger'), '4501');
  },

  /** All connections are cut at once, twice. Who doesn't come back is for the judge to find. */
  'everybody-reconnects': async ({ stage, crowd }: Scene) => {
    for (let time = 0; time < 2; time += 1) {
      stage.balancer.cutAll();
      await crowd.reconnected(4_000).catch(() => undefined);
      await received(crowd, 200, 2_000).catch(() => undefined);
    }
  },

  /** What is under way when all connections are cut takes effect, and nobody hears of it. */
  'redis-is-far-and-everybody-reconnects': async ({ stage, crowd }: Scene) => {
    stage.ways.delayMs = 150;
    try {
      for (let time = 0; time < 2; time += 1) {
        await received(crowd, 200);
        stage.balancer.cutAll();
      }
    } finally {
      stage.ways.delayMs = 0;
    }
    await backAgain(crowd);
  },

  /** One pod can't reach Redis for a while; clients and backends go on. */
  'a-pod-loses-redis': async ({ stage, crowd }: Scene) => {
    const way = stage.ways.of(mostLoaded(stage, crowd).name);
    const { sent } = crowd;
    way.cut();
    try {
      await eventually('backends to go on', () => crowd.sent > sent + 60, { withinMs: 1_500 }).catch(() => undefined);
    } finally {
      way.mend();
    }
    await backAgain(crowd);
  },

  /** SIGTERM for one pod. */
  'a-pod-is-evicted': async ({ stage, crowd }: Scene) => {
    stage.deployment.evict(mostLoaded(stage, crowd));
    await stage.deployment.rolledOut(60_000);
    await stage.deployment.settled(60_000);
    await crowd.reconnected(10_000);
  },

  /** The connection over which one pod hears of new entries is cut, again and again, while others append. */
  'subscribers-are-cut': async ({ crowd, redis }: Scene) => {
    for (let time = 0; time < 8; time += 1) {
      await redis.cutOneSubscriber();
      await received(crowd, 100);
    }
  },

  /** Redis loses the newest messages of all rooms without a sound, and the logs grow past where they were. */
  'rooms-are-rewound': async ({ stage, crowd, redis, notes }: Scene) => {
    const memory = await redis.remember('*/c/room-*');
    const fromUs = nowUs();
    // In Redis: what clients get now may be from before, on a machine that is busy.
    await eventually('every room to go on', () => redis.haveGrown('*/c/room-*', memory), { withinMs: 15_000 });
    await received(crowd, 400);
    const untilUs = nowUs();
    await redis.rewind('*/c/room-*', memory);
    for (const stream of roomsOf(stage.options))
      await notes.note('Redis', { kind: 'taken-back', stream, fromUs, untilUs });
    await received(crowd, 1000);
    // Each client hears what is gone when it publishes to its room again: every second time.
    await acknowledged(crowd, 3 * crowd.status.reduce((sum, { clients }) => sum + clients, 0));
  },

  /**
   * One pod can't reach Redis while others append, and all goes quiet before it can: whatever came after would tell it
   * that it has missed something.
   */
  'a-pod-loses-redis-and-all-goes-quiet': async ({ stage, crowd }: Scene) => {
    const way = stage.ways.of(mostLoaded(stage, crowd).name);
    way.cut();
    try {
      await acknowledged(crowd, 40);
      await crowd.quieted();
    } finally {
      way.mend();
    }
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

/** A straggler that isn't heard out proves nothing; one that is welcomed is for the judge. */
function mustBeAnswered(answers: readonly string[], refusal: string): void {
  const unheard = answers.filter((answer) => answer !== refusal && answer !== 'welcome');
  if (unheard.length > 0) throw new Error(`stragglers must be answered ${refusal}, and got ${unheard.join(', ')}`);
}

/** As soon as so many messages wait for their outcome, or twice as many have one although Redis says nothing. */
async function inFlight(crowd: Crowd, messages: number): Promise<void> {
  const { sent } = crowd;
  const waiting = () => crowd.status.reduce((sum, status) => sum + status.inFlight, 0);
  const enough = () => waiting() >= messages || crowd.sent >= sent + 2 * messages;
  await eventually(`${messages} messages in flight`, enough, { withinMs: 3_000 }).catch(() => undefined);
}

/** Until clients have received so many more messages. */
export async function received(crowd: Crowd, more: number, withinMs = 15_000): Promise<void> {
  const all = () => crowd.status.reduce((sum, status) => sum + status.received, 0);
  const before = all();
  await eventually(`${more} more messages to be received`, () => all() - before >= more, { withinMs });
}

/** Until clients have got so many more acknowledgements. */
export async function acknowledged(crowd: Crowd, more: number, withinMs = 15_000): Promise<void> {
  const all = () => crowd.status.reduce((sum, status) => sum + status.acknowledged, 0);
  const before = all();
  await eventually(`${more} more messages to be acknowledged`, () => all() - before >= more, { withinMs });
}

/** Until the crash has been noticed and everybody is connected again. */
async function backAgain(crowd: Crowd): Promise<void> {
  await crowd.reconnected(20_000);
}

const movesOf = (crowd: Crowd): number => crowd.status.reduce((sum, { moves }) => sum + moves, 0);
