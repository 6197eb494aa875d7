import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

export interface Script {
  readonly text: string;
  /** What EVALSHA names it by. */
  readonly sha1: string;
}

const DIRECTORY = new URL('./scripts/', import.meta.url);

/** Every scripts/*.lua by its file's name: one command a file. */
export function loadScripts(): ReadonlyMap<string, Script> {
  const files = readdirSync(DIRECTORY).filter((file) => file.endsWith('.lua'));
  return new Map(
    files.map((file) => {
      const text = readFileSync(new URL(file, DIRECTORY), 'utf8');
      return [basename(file, '.lua'), { text, sha1: createHash('sha1').update(text).digest('hex') }];
    }),
  );
}
