import { lasting, pause, somePod, type Fault } from './scene.js';

const rolloutMs = 120_000;

/** What happens to pods. Those that have a deployment's attention don't happen together. */
export const deploymentFaults = {
  /** SIGTERM for every pod, each replaced by one of another revision. */
  rollout: async ({ stage, newRevision }) => {
    stage.deployment.rollTo(newRevision());
    await stage.deployment.rolledOut(rolloutMs);
    await stage.deployment.settled(rolloutMs);
  },

  /** The same, taken back when half of the new pods are ready. */
  'rollback half-way': async ({ stage, newRevision }) => {
    const { deployment, options } = stage;
    const [before, to] = [deployment.wanted, newRevision()];
    deployment.rollTo(to);
    const ready = () => deployment.serving.filter(({ revision }) => revision === to).length;
    await deployment.until('half of a rollout', rolloutMs, () => ready() >= Math.ceil(options.replicas / 2));
    deployment.rollTo(before);
    await deployment.rolledOut(rolloutMs);
    await deployment.settled(rolloutMs);
  },

  /** SIGTERM for one pod of three, as an eviction does it. */
  'pod evicted': async (scene) => {
    const { deployment } = scene.stage;
    deployment.evict(await somePod(scene));
    await deployment.rolledOut(rolloutMs);
    await deployment.settled(rolloutMs);
  },
} as const satisfies Record<string, Fault>;

export const podFaults = {
  'pod killed': async (scene) => {
    const { name, process } = await somePod(scene);
    scene.killed.add(name);
    await process.kill();
  },

  /** Past its heartbeat: the others take it for dead. Then it goes on with what it had. */
  'pod paused': async (scene) => {
    const { process } = await somePod(scene);
    process.signal('SIGSTOP');
    try {
      await pause(lasting(scene, 3_500, 7_000));
    } finally {
      process.signal('SIGCONT');
    }
  },

  /** As if its event loop were blocked for half a second, again and again. */
  'pod stutters': async (scene) => {
    const { process } = await somePod(scene);
    for (let time = 0; time < 4; time += 1) {
      process.signal('SIGSTOP');
      await pause(500);
      process.signal('SIGCONT');
      await pause(scene.dice.between(20, 400));
    }
  },

  'pod cut off from Redis': async (scene) => {
    const way = scene.stage.ways.of((await somePod(scene)).name);
    way.cut();
    try {
      await pause(lasting(scene, 500, 8_000));
    } finally {
      way.mend();
    }
  },

  /** What it says to Redis vanishes, and nothing is closed. */
  'pod half-open to Redis': async (scene) => {
    const way = scene.stage.ways.of((await somePod(scene)).name);
    way.halfOpen();
    try {
      await pause(lasting(scene, 500, 8_000));
    } finally {
      way.mend();
    }
  },

  'pod far from Redis': async (scene) => {
    const way = scene.stage.ways.of((await somePod(scene)).name);
    way.delayMs = scene.dice.between(20, 400);
    try {
      await pause(lasting(scene, 2_000, 6_000));
    } finally {
      way.delayMs = 0;
    }
  },
} as const satisfies Record<string, Fault>;
