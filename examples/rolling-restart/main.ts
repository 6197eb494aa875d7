// Shows what Baton promises: pods are replaced under traffic, one is killed, and nobody loses anything. Everything runs
// as processes of this machine; the judge reads what clients and backends wrote down.
import { breaches, type PlannedMoves } from '../../test/support/judge/promise.js';
import { summaryOf } from '../../test/support/judge/summary.js';
import type { Verdict } from '../../test/support/judge/verdict.js';
import { Crowd } from '../../test/support/stage/crowd.js';
import { killOne, rollBackHalfWay, rollOut } from '../../test/support/stage/rollouts.js';
import { Stage } from '../../test/support/stage/stage.js';
import { Screen } from './screen.js';
import { Watcher } from './watcher.js';

interface Act {
  readonly name: string;
  readonly planned: PlannedMoves | null;
  readonly play: (stage: Stage, crowd: Crowd) => Promise<unknown>;
}

/** Ours should be below 250; this is for machines that do other things, too. */
const longestDelayMs = 1000;

const acts: readonly Act[] = [
  {
    name: 'full rollout',
    planned: { mean: 1, max: 1, longestDelayMs },
    play: (stage, crowd) => rollOut(stage, crowd, 'r2'),
  },
  {
    name: 'rollback half-way through the next',
    planned: { mean: null, max: 2, longestDelayMs },
    play: (stage, crowd) => rollBackHalfWay(stage, crowd, 'r2', 'r3'),
  },
  {
    name: 'SIGKILL of a pod',
    planned: null,
    play: (stage, crowd) => killOne(stage, crowd),
  },
];

const screen = new Screen(process.stdout);

/** False if the promise was broken. */
async function demonstrate(): Promise<boolean> {
  screen.say('Starting Redis, 3 pods behind a balancer, and 200 clients in 2 other processes ...');
  const stage = await Stage.start({
    replicas: 3,
    clientsPerTenant: 200,
    processesPerTenant: 2,
    publishesPerSecond: 1,
    roomSize: 5,
    sendsPerSecond: 100,
    removeLateMs: 1500,
  });
  try {
    const crowd = await Crowd.arrive(stage);
    const watcher = new Watcher(stage, crowd, screen);
    try {
      const verdicts = await Promise.race([play(stage, crowd, watcher), interruption]);
      return report(verdicts, stage.badExits);
    } finally {
      watcher.stop();
      await crowd.leave();
    }
  } finally {
    await stage.close();
  }
}

/** The acts one after the other under constant traffic, and the judge's verdicts: one for each, then the whole. */
async function play(stage: Stage, crowd: Crowd, watcher: Watcher): Promise<readonly Verdict[]> {
  for (const { name, play } of acts) {
    watcher.phase = name;
    crowd.phase(name);
    await play(stage, crowd);
  }
  watcher.stop();
  const { phases, whole } = await crowd.judgement(15_000);
  return [...phases, whole];
}

function report(verdicts: readonly Verdict[], badExits: readonly string[]): boolean {
  screen.say('');
  const found = verdicts.flatMap((verdict) => {
    const planned = acts.find(({ name }) => name === verdict.phase)?.planned ?? null;
    const against = breaches(verdict, planned);
    screen.say(`${against.length === 0 ? 'kept  ' : 'BROKEN'} ${verdict.phase}: ${summaryOf(verdict)}`);
    for (const text of against) screen.say(`         ${text}`);
    return against;
  });
  for (const text of badExits) screen.say(`BROKEN ${text}`);
  if (badExits.length === 0) screen.say('kept   every pod that was told to end exited with code 0');
  return found.length === 0 && badExits.length === 0;
}

class Interrupted extends Error {}

/** Ctrl-C ends the demonstration, and what it has started ends with it. */
const interruption = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      reject(new Interrupted(signal));
    });
  }
});
interruption.catch(() => undefined);

const startedMs = performance.now();
const kept = await demonstrate().catch((error: unknown) => {
  if (error instanceof Interrupted) {
    screen.say(`Interrupted by ${error.message}: no verdict.`);
    process.exit(130);
  }
  screen.say(String(error));
  return false;
});
const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
screen.say(`${kept ? 'The promise was kept' : 'THE PROMISE WAS BROKEN'} (${seconds} s).`);
process.exit(kept ? 0 : 1);
