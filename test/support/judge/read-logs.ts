import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyOf, type History } from './history.js';
import type { LogRecord } from './records.js';

/** Reads every `*.jsonl` of a directory, also while they are being written: a line that isn't whole yet is left out. */
export async function readHistory(directory: string): Promise<History> {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).sort();
  const logs = await Promise.all(files.map(async (name) => recordsIn(await readFile(join(directory, name), 'utf8'))));
  return historyOf(logs.flat());
}

function recordsIn(text: string): LogRecord[] {
  const lines = text.split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line) as LogRecord);
}
