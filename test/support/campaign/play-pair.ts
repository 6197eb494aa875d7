import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Judgement, Verdict } from '../judge/verdict.js';
import type { Inventory } from '../stage/pod-notes.js';
import { received } from '../stage/troubles.js';
import { complaintsAbout, type PairOutcome } from './campaign-report.js';
import type { CampaignOptions } from './campaign-options.js';
import { diceOf, isUndisturbed, type Pair } from './draw.js';
import { pause, type Scene } from './scene.js';

/** What a pair of faults has to happen to. */
export interface Act extends Omit<Scene, 'dice' | 'undisturbed' | 'newRevision'> {
  readonly options: CampaignOptions;
  /** What was there before the crowd. */
  readonly before: Inventory;
}

const replacedWithinMs = 120_000;
const reconnectedWithinMs = 30_000;
/** From the heal until everybody must be connected and caught up. */
const caughtUpWithinMs = 15_000;

/** Traffic, both faults, heal, quiet, judgement. `isLast`: everybody leaves then, and what they leave behind is looked at. */
export async function playPair(act: Act, pair: Pair, isLast: () => boolean): Promise<PairOutcome> {
  const startedMs = performance.now();
  const phase = `#${pair.number}`;
  act.crowd.phase(phase);
  const badBefore = badExits(act).length;
  const troubles: string[] = [];
  try {
    await happen(act, pair);
    await heal(act);
  } catch (error) {
    troubles.push(`it did not heal: ${error instanceof Error ? error.message : String(error)}`);
  }
  const verdict = await judged(act, isLast).then(
    (judgement) => judgement.phases.at(-1) ?? null,
    (error: unknown) => {
      troubles.push(`no judgement: ${String(error)}`);
      return null;
    },
  );
  const complaints = [
    ...troubles,
    ...(verdict === null ? [] : complaintsAbout(verdict, pair)),
    ...badExits(act).slice(badBefore),
  ];
  const keptLogs = complaints.length === 0 ? null : await keepLogs(act, pair, verdict, troubles);
  return { pair, verdict, complaints, tookMs: performance.now() - startedMs, keptLogs };
}

/** Both begin as drawn; one that fails doesn't end the other. */
async function happen(act: Act, pair: Pair): Promise<void> {
  act.crowd.publish();
  await received(act.crowd, 200);
  const over = pair.faults.map(async ({ name, fault }, place) => {
    await pause(place * pair.apartMs);
    const dice = diceOf(act.options.seed, pair, place);
    await fault({
      ...act,
      dice,
      undisturbed: isUndisturbed(pair, place),
      newRevision: () => `r${pair.number + 1}`,
    }).catch((error: unknown) => {
      throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    });
  });
  const failures = (await Promise.allSettled(over)).flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as Error] : [],
  );
  if (failures[0] !== undefined) throw failures[0];
}

/** Until all pods are there again and everybody is connected, and a little traffic more. */
async function heal({ stage, crowd }: Act): Promise<void> {
  const { deployment } = stage;
  await deployment.rolledOut(replacedWithinMs);
  await deployment.settled(replacedWithinMs);
  await crowd.reconnected(reconnectedWithinMs);
  crowd.publish();
  await pause(1_000);
  await received(crowd, 200);
}

async function judged({ crowd, notes, before }: Act, isLast: () => boolean): Promise<Judgement> {
  await crowd.judgementSoFar(caughtUpWithinMs);
  await notes.count();
  if (isLast()) {
    await crowd.finish();
    await notes.noteLeftovers(before);
  }
  return crowd.judged();
}

/** Of pods that were told to end; a fault may have killed them on their way. */
function badExits({ stage, killed }: Pick<Act, 'stage' | 'killed'>): readonly string[] {
  return stage.badExits.filter((text) => ![...killed].some((name) => text.startsWith(`${name} `)));
}

async function keepLogs(act: Act, pair: Pair, verdict: Verdict | null, troubles: readonly string[]): Promise<string> {
  const { seed, keepIn } = act.options;
  const directory = join(keepIn, `campaign-${seed}-${pair.number}`);
  await act.stage.keepLogs(directory);
  await writeFile(join(directory, 'complaints.json'), JSON.stringify({ troubles, verdict }, null, 2));
  return directory;
}
