import type { DeployedPod } from '../pods/deployment.js';
import type { Crowd } from '../stage/crowd.js';
import type { PodNotes } from '../stage/pod-notes.js';
import type { RedisFaults } from '../stage/redis-faults.js';
import type { Stage } from '../stage/stage.js';
import type { Dice } from './dice.js';

/** What a fault of a campaign has to work with. */
export interface Scene {
  readonly stage: Stage;
  readonly crowd: Crowd;
  readonly redis: RedisFaults;
  readonly notes: PodNotes;
  readonly dice: Dice;
  /** No outage is longer, in ms. */
  readonly longestMs: number;
  /** The other fault of the pair closes no connection of a client and keeps nobody from Redis. */
  readonly undisturbed: boolean;
  /** A revision that was never there. */
  readonly newRevision: () => string;
  /** Pods that a fault has killed: how they end says nothing. */
  readonly killed: Set<string>;
}

/** Resolves when the fault is over and what it held is let go; the system may still be recovering. */
export type Fault = (scene: Scene) => Promise<void>;

/** A pod that serves; waits for one if none does. */
export async function somePod({ stage, dice }: Scene): Promise<DeployedPod> {
  await stage.deployment.until('a pod to serve', 60_000, () => stage.deployment.serving.length > 0);
  return dice.pick(stage.deployment.serving);
}

/** How long something lasts, in ms: drawn, and cut to what the campaign allows. */
export const lasting = ({ dice, longestMs }: Scene, leastMs: number, mostMs: number): number =>
  Math.min(dice.between(leastMs, mostMs), longestMs);

export function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs));
}
