import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../test/support/stage/build-under-test.js';
import { guarantees } from './guarantees.js';
import type { CaseResult } from './measure.js';
import { detailTable, markdownTable } from './table.js';

const BEGIN = '<!-- measured: begin -->';
const END = '<!-- measured: end -->';

export interface Run {
  readonly machine: string;
  readonly date: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly repetitions: number;
  readonly results: readonly CaseResult[];
}

const names: Readonly<Record<keyof typeof guarantees, string>> = {
  baton: 'Baton',
  socketIo: 'Socket.IO',
  bareWs: 'bare ws',
  socketIoStreams: 'Socket.IO with its Redis streams adapter (committed echo)',
  socketIoRecovery: 'Socket.IO with the adapter and connection state recovery (resume)',
};

function measuredSection({ machine, date, versions, repetitions, results }: Run): string {
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const promised = Object.entries(guarantees).map(
    ([key, promise]) => `| ${names[key as keyof typeof guarantees]} | ${promise} |`,
  );
  return [
    `Measured on ${date}: ${machine}; ${peers.join(', ')}. Medians of ${repetitions} interleaved repetitions (memory`,
    'and drain: 3).',
    '',
    markdownTable(results),
    '',
    'What each guarantees:',
    '',
    '| who | guarantee |',
    '| --- | --- |',
    ...promised,
    '',
    'Behind the medians:',
    '',
    detailTable(results),
  ].join('\n');
}

/** Replaces what is between the marks of docs/performance.md. */
export function writePerformancePage(run: Run): void {
  const path = join(repository, 'docs/performance.md');
  const page = readFileSync(path, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${path} has no ${BEGIN} ... ${END}`);
  writeFileSync(path, `${page.slice(0, begin + BEGIN.length)}\n\n${measuredSection(run)}\n\n${page.slice(end)}`);
}
