// `npm run bench`: how much one pod carries, beside Socket.IO and the bare `ws` package, in one run. See docs/performance.md.
import { writeFileSync } from 'node:fs';
import { committedEcho } from './cases/committed-echo.js';
import { drain } from './cases/drain.js';
import { fanOut } from './cases/fan-out.js';
import { handshakes } from './cases/handshakes.js';
import { idle } from './cases/idle.js';
import { resume } from './cases/resume.js';
import { describeMachine, requireDescriptors } from './machine.js';
import type { CaseResult } from './measure.js';
import { parseOptions, usage, type BenchOptions } from './options.js';
import { installPeers } from './peers.js';
import { writePerformancePage, type Run } from './performance-page.js';
import { isLoadTheBottleneck } from './sampling.js';
import { Stage } from './stage.js';
import { aligned, detailTable, markdownTable } from './table.js';

const cases = { 'fan-out': fanOut, 'committed-echo': committedEcho, resume, handshakes, idle, drain } as const;
type CaseName = keyof typeof cases;

/** Beside the connections themselves: Redis, files, the second connection of those that move. */
const MORE_DESCRIPTORS = 2_000;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

function chosen({ only }: BenchOptions): readonly CaseName[] {
  const all = Object.keys(cases) as CaseName[];
  const unknown = only.filter((name) => !all.includes(name as CaseName));
  if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}; cases: ${all.join(', ')}\n${usage}`);
  return only.length === 0 ? all : all.filter((name) => only.includes(name));
}

async function measure(options: BenchOptions): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  const { stage, remove } = await Stage.prepare(options);
  try {
    for (const name of chosen(options)) {
      const startedMs = performance.now();
      try {
        results.push(...(await cases[name](stage)));
      } catch (error) {
        process.exitCode = 1;
        say(`${name} FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      } finally {
        await stage.clear();
      }
      say(`${name}: ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
    }
  } finally {
    await remove();
  }
  return results;
}

function warnOfTheLoadClient(results: readonly CaseResult[]): void {
  for (const { name, figures } of results)
    for (const { subject, more } of figures)
      if (isLoadTheBottleneck(more['loadShare']))
        say(
          `${name}, ${subject}: the load client was busy for ${String(more['loadShare'])} of its core: not the server's limit`,
        );
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  requireDescriptors(options.connections + MORE_DESCRIPTORS);
  const versions = installPeers();
  say(`${describeMachine()}; servers on one core, the load client (C, epoll) and Redis on the other`);
  const results = await measure(options);
  const date = new Date().toISOString().slice(0, 10);
  const run: Run = { machine: describeMachine(), date, versions, repetitions: options.repetitions, results };
  say(`\n${aligned(markdownTable(results))}\n\n${aligned(detailTable(results))}\n`);
  warnOfTheLoadClient(results);
  if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(run, null, 2)}\n`);
  if (options.writeDocs) writePerformancePage(run);
}

await main();
