import { lasting, pause, type Fault } from './scene.js';

/** What happens to clients and to the networks before them. */
export const clientFaults = {
  /** Every connection is cut at once, and all come back at once. */
  'everybody reconnects': async ({ stage, dice }) => {
    for (let time = 0; time < 2; time += 1) {
      stage.balancer.cutAll();
      await pause(dice.between(300, 2_000));
    }
  },

  /** A third of the connections swallow everything, and nobody is told. */
  'clients half-open': ({ stage, dice }) => {
    stage.balancer.halfOpen(1 / 3, dice.chance);
    return Promise.resolve();
  },

  /** Half of the clients read nothing for a while. */
  'slow readers': async (scene) => {
    scene.crowd.pauseHalf();
    try {
      await pause(lasting(scene, 1_000, 6_000));
    } finally {
      scene.crowd.resume();
    }
  },

  /** `hello`s arrive that clients sent long before. */
  stragglers: async ({ crowd, stage }) => {
    stage.balancer.cutAll();
    await pause(1_500);
    // Whoever has not come back yet has left nothing behind.
    await crowd.straggle(3, 'before').catch(() => undefined);
  },

  /** `hello`s of somebody who has copied a client's number, and of somebody who has another one's token. */
  impostors: async ({ crowd }) => {
    // Whoever meets a pod that can't answer isn't answered.
    await crowd.straggle(3, 'copy').catch(() => undefined);
    await crowd.straggle(3, 'forger').catch(() => undefined);
  },
} as const satisfies Record<string, Fault>;
