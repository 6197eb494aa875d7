import { nowUs } from '../judge/records.js';
import { roomsOf } from '../stage/stage-options.js';
import { away } from './redis-away.js';
import { lasting, pause, type Fault, type Scene } from './scene.js';

const minuteMs = 60_000;
const rooms = '*/c/room-*';

/** What happens to the process of Redis: one thing at a time. */
export const redisProcessFaults = {
  /** It accepts and answers nothing. */
  'Redis stalls': async (scene) => {
    scene.redis.stall();
    try {
      await pause(lasting(scene, 500, 6_000));
    } finally {
      scene.redis.resume();
    }
  },

  /** SIGKILL; it comes back from its file. */
  'Redis restarts': async ({ stage }) => {
    await stage.durableRedis.restart();
  },

  /** For seconds, or for up to two minutes. */
  'Redis away': (scene) => away(scene, scene.dice.chance() < 0.3 ? 2 * minuteMs : 8_000),

  /** Pods are told to end while Redis is away. */
  'SIGTERM while Redis is away': async (scene) => {
    const { deployment } = scene.stage;
    await scene.stage.durableRedis.kill();
    try {
      await pause(lasting(scene, 300, 1_500));
      const [pod] = deployment.serving;
      if (pod !== undefined) deployment.evict(pod);
      await pause(lasting(scene, 1_000, 6_000));
    } finally {
      await scene.stage.durableRedis.comeBack();
    }
  },
} as const satisfies Record<string, Fault>;

/** Seven minutes: only where there is time for it. */
export const longRedisFaults = {
  'Redis away for 7 minutes': (scene) => away(scene, 7 * minuteMs, 7 * minuteMs),
} as const satisfies Record<string, Fault>;

/** Two minutes, for certain. */
export const outage: Fault = (scene) => away(scene, 2 * minuteMs, 2 * minuteMs);

/** Redis loses what it had acknowledged. They begin in a Redis that answers. */
export const rewindingFaults = {
  /** As a failover to a replica that had stopped following, and the logs grow past where they were. */
  'rooms rewound and grown again': (scene) => rewind(scene, pause),

  /** The same, and nothing is said until everybody has noticed: connections are lost, as in every failover. */
  'rooms rewound': (scene) =>
    rewind(scene, async () => {
      scene.crowd.quiet();
      await scene.redis.cutAll();
      await pause(1_000);
      scene.crowd.publish();
      await pause(500);
    }),
} as const satisfies Record<string, Fault>;

export const connectionFaults = {
  'subscribers cut': async ({ redis, dice }) => {
    for (let time = 0; time < 10; time += 1) {
      await redis.cutOneSubscriber(dice.chance());
      await pause(dice.between(50, 500));
    }
  },

  'subscribers slow': async (scene) => {
    scene.stage.ways.subscriberDelayMs = scene.dice.between(50, 600);
    try {
      await pause(lasting(scene, 1_000, 5_000));
    } finally {
      scene.stage.ways.subscriberDelayMs = 0;
    }
  },

  'scripts forgotten': async ({ redis, dice }) => {
    for (let time = 0; time < 5; time += 1) {
      await redis.forgetScripts();
      await pause(dice.between(100, 600));
    }
  },
} as const satisfies Record<string, Fault>;

async function rewind(scene: Scene, then: (forMs: number) => Promise<void>): Promise<void> {
  const { redis, notes, dice, stage } = scene;
  const sinceUs = nowUs();
  const memory = await redis.remember(rooms);
  const fromUs = nowUs();
  await pause(dice.between(300, 2_500));
  const untilUs = nowUs();
  await redis.rewind(rooms, memory);
  // Nobody may have to wait for the next message to each room: one in them all is certain within a second of traffic.
  for (const stream of roomsOf(stage.options)) {
    await notes.note('Redis', { kind: 'rewound', stream, sinceUs });
    await notes.note('Redis', { kind: 'taken-back', stream, fromUs, untilUs });
  }
  await then(1_500);
}
