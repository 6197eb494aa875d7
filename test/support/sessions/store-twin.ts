import type { SessionsConfig } from '../../../src/config/config.js';
import { MemorySessionStore } from '../../../src/sessions/memory-session-store.js';
import type { SessionEvents, SessionStore } from '../../../src/sessions/session-store.js';
import type { PodId } from '../../../src/protocol/ids.js';
import { systemClock } from '../../../src/lib/clock.js';
import { RedisKeys } from '../../../src/redis/keys.js';
import type { RedisConnection } from '../../../src/redis/redis-connection.js';
import { RedisSessionEvents } from '../../../src/sessions/redis-session-events.js';
import { RedisSessionStore } from '../../../src/sessions/redis-session-store.js';
import { eventually } from '../eventually.js';
import { silentLogger } from '../silent-logger.js';
import { eventuallyBy, ManualClock } from '../manual-clock.js';

const MINUTE = 60_000;

/** A session store with its events, and the time that it lives in. */
export interface StoreTwin {
  readonly store: SessionStore;
  readonly events: SessionEvents;
  /** The pod beats, or beats no more. */
  setAlive(pod: PodId, alive: boolean): Promise<void>;
  /** Wall clock in ms. */
  nowMs(): number;
  /** Lets time pass until the condition holds. */
  waitFor(why: string, condition: () => Promise<boolean> | boolean): Promise<unknown>;
}

/** In memory, with a clock that moves only while something is waited for. */
export function memoryTwin(config: SessionsConfig): StoreTwin {
  const clock = new ManualClock();
  const pods = new Set<PodId>();
  const store = new MemorySessionStore(config, clock, (pod) => pods.has(pod));
  return {
    store,
    events: store,
    setAlive: async (pod, alive) => {
      if (alive) pods.add(pod);
      else pods.delete(pod);
    },
    nowMs: () => clock.now(),
    waitFor: eventuallyBy(clock),
  };
}

/** In a real Redis, in real time. */
export function redisTwin(
  { commands, subscriber }: RedisConnection,
  keyPrefix: string,
  config: SessionsConfig,
): StoreTwin {
  const keys = new RedisKeys(keyPrefix);
  return {
    store: new RedisSessionStore(commands, keys, config, silentLogger),
    events: new RedisSessionEvents(subscriber, keys),
    setAlive: async (pod, alive) => {
      const own = keys.pod(pod);
      const beat = { script: 'beat', args: [pod, '{}', MINUTE, own.slice(0, -pod.length)] } as const;
      const leave = { script: 'leave', args: [pod] } as const;
      await commands.run({ ...(alive ? beat : leave), keys: [keys.pods, own] });
    },
    nowMs: () => systemClock.now(),
    waitFor: eventually,
  };
}
