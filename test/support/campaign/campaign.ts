import { join } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { Crowd, type CrowdPlace } from '../stage/crowd.js';
import { PodNotes } from '../stage/pod-notes.js';
import { RedisFaults } from '../stage/redis-faults.js';
import { Stage } from '../stage/stage.js';
import { campaignStage, type CampaignOptions } from './campaign-options.js';
import type { PairOutcome } from './campaign-report.js';
import { drawPair } from './draw.js';
import { playPair, type Act } from './play-pair.js';

/** After so many pairs everybody leaves, and it is looked at what is left; a crowd's history is judged as a whole. */
const pairsPerCrowd = 4;
const minuteMs = 60_000;

/** Pairs of faults under traffic, one after the other; each is judged. Resolves with what became of each. */
export async function runCampaign(options: CampaignOptions): Promise<readonly PairOutcome[]> {
  const outcomes: PairOutcome[] = [];
  const untilMs = performance.now() + options.forMs;
  const isOver = () => performance.now() >= untilMs || nextOf(options, outcomes) > options.last;
  do {
    // A stage on which a promise was broken may be broken itself.
    await onAStage(options, async (stage) => {
      for (let crowd = 1, sound = true; sound && !isOver(); crowd += 1) {
        sound = await withACrowd(options, stage, crowd, outcomes, isOver);
      }
    });
  } while (!isOver());
  return outcomes;
}

async function onAStage(options: CampaignOptions, act: (stage: Stage) => Promise<void>): Promise<void> {
  const redis = options.topology === 'single' ? 'durable' : options.topology;
  const stage = await Stage.start({ ...campaignStage, redis, ...options.stage });
  try {
    await act(stage);
  } finally {
    await stage.close();
  }
}

/** False if something was broken. */
async function withACrowd(
  options: CampaignOptions,
  stage: Stage,
  number: number,
  outcomes: PairOutcome[],
  isOver: () => boolean,
): Promise<boolean> {
  if (options.topology === 'single') await stage.durableRedis.compact();
  const redis = new RedisFaults(stage);
  try {
    const place = await placeOf(stage, number);
    const notes = new PodNotes(stage, redis, place.logs);
    const before = await notes.inventory();
    const crowd = await Crowd.arrive(place);
    try {
      const act: Act = { options, stage, crowd, redis, notes, before, killed: new Set(), longestMs: longest(options) };
      for (let pairs = 1, last = false; !last; pairs += 1) {
        const pair = drawPair(options.seed, nextOf(options, outcomes), options);
        last = pairs === pairsPerCrowd || pair.number === options.last;
        const outcome = await playPair(act, pair, () => last || isOver());
        last ||= isOver();
        outcomes.push(outcome);
        options.onPair(outcome);
        if (outcome.complaints.length > 0) return false;
      }
      return true;
    } finally {
      await crowd.leave();
    }
  } finally {
    redis.close();
  }
}

/** Later crowds have names and logs of their own: the judge asks for no message of before. */
async function placeOf(stage: Stage, number: number): Promise<CrowdPlace> {
  const { options, url, apiUrl, apiKeys, secrets } = stage;
  const logs = join(stage.directory, `records-${number}`);
  await mkdir(logs);
  return { options, url, apiUrl, apiKeys, secrets, logs, crowd: String(number) };
}

const nextOf = ({ first }: CampaignOptions, outcomes: readonly PairOutcome[]): number => first + outcomes.length;

/** An outage takes a tenth of the time at most, 3 s at least. */
const longest = ({ forMs, long }: CampaignOptions): number =>
  long ? 7 * minuteMs : Math.min(2 * minuteMs, Math.max(3_000, forMs / 10));
