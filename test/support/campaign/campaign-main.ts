import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repository } from '../stage/build-under-test.js';
import { closingLines, pairLines, type PairOutcome } from './campaign-report.js';
import { runCampaign } from './campaign.js';

const usage = `npm run campaign -- [--minutes N] [--seed S] [--pair N] [--long] [--topology single|sentinel|cluster]

Draws faults in pairs from a seed, for N minutes (by default 5), plays each pair against three pods under traffic both
ways, and judges it: a line a pair, the verdict at the end, exit code 0 only if every promise was kept.

  --minutes N  no pair begins later; outages take a tenth of it at most; from 20 on, one of 2 minutes comes first
  --seed S     a whole number; printed, drawn anew by default. The same seed draws the same faults
  --pair N     only this pair of the seed, as its line has the number (with the same --minutes and --long)
  --long       outages of Redis of 7 minutes, too, the first pair being one
  --topology   several servers that replace one another, and failovers among the faults`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    pair: { type: 'string' },
    long: { type: 'boolean', default: false },
    topology: { type: 'string', default: 'single' },
    help: { type: 'boolean', default: false },
  },
});

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

function numberOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= least) return value;
  say(`--${name} must be a number from ${least} on, not ${text}\n\n${usage}`);
  process.exit(2);
}

if (values.help) {
  say(usage);
  process.exit(0);
}
const seed = Math.floor(numberOf('seed', values.seed, 0));
const forMs = numberOf('minutes', values.minutes, 0) * 60_000;
const only = values.pair === undefined ? null : Math.floor(numberOf('pair', values.pair, 1));
const topology = (['single', 'sentinel', 'cluster'] as const).find((known) => known === values.topology);
if (topology === undefined) {
  say(`--topology must be single, sentinel or cluster, not ${values.topology}\n\n${usage}`);
  process.exit(2);
}
const startedMs = performance.now();
const outcomes: PairOutcome[] = [];

function close(): number {
  for (const line of closingLines(seed, outcomes, performance.now() - startedMs)) say(line);
  const kept = outcomes.length > 0 && outcomes.every(({ complaints }) => complaints.length === 0);
  return kept ? 0 : 1;
}

// Children end with this process, whatever ends it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    say(`ended by ${signal}: what was judged until then`);
    close();
    process.exit(130);
  });
}

say(
  `campaign: seed ${seed}, ${values.minutes} minutes${topology === 'single' ? '' : ` on a ${topology}`}${only === null ? '' : `, pair ${only}`}`,
);
try {
  await runCampaign({
    seed,
    forMs,
    first: only ?? 1,
    last: only ?? Infinity,
    long: values.long,
    outage: forMs >= 20 * 60_000,
    topology,
    keepIn: join(repository, 'test-results'),
    stage: {},
    onPair: (outcome) => {
      outcomes.push(outcome);
      for (const line of pairLines(outcome)) say(line);
    },
  });
} catch (error) {
  say(`the campaign itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  close();
  process.exit(1);
}
process.exit(close());
