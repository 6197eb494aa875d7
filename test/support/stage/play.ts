import type { Judgement } from '../judge/verdict.js';
import { Crowd } from './crowd.js';
import { PodNotes } from './pod-notes.js';
import { RedisFaults } from './redis-faults.js';
import type { StageOptions } from './stage-options.js';
import { Stage } from './stage.js';
import { received, troubles, type TroubleName } from './troubles.js';

export interface Play {
  readonly troubles: readonly TroubleName[];
  readonly stage: Partial<StageOptions>;
  /** How long clients may take to catch up in the end, in ms. */
  readonly healMs: number;
}

/** Two pods, two tenants with the same names for everything, traffic, then the troubles one after the other. */
export async function play({ troubles: names, stage: options, healMs }: Play): Promise<Judgement> {
  const stage = await Stage.start({
    redis: 'fragile',
    tenants: ['acme', 'umbrella'],
    clientsPerTenant: 20,
    publishesPerSecond: 4,
    sendsPerSecond: 60,
    removeLateMs: 300,
    // Pods die more often here than once in the 30 s after which the SDK's own backoff begins anew.
    backoff: { baseMs: 200, maxMs: 2000 },
    ...options,
  });
  const redis = new RedisFaults(stage);
  const notes = new PodNotes(stage, redis, stage.logs);
  try {
    const before = await notes.inventory();
    const crowd = await Crowd.arrive(stage);
    try {
      for (const name of names) {
        crowd.phase(name);
        crowd.publish();
        // Nothing can go wrong with a stream that nobody has used yet.
        await received(crowd, 300);
        await troubles[name]({ stage, crowd, redis, notes });
      }
      await crowd.judgement(healMs);
      await notes.count();
      await notes.noteLeftovers(before);
      return await crowd.judged();
    } finally {
      await crowd.leave();
    }
  } finally {
    redis.close();
    await stage.close();
  }
}
