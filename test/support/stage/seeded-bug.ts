import { spawnSync } from 'node:child_process';
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from '../../../scripts/build.mjs';
import type { ViolationClass } from '../judge/violation.js';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../temporary-directory.js';
import { buildIn, repository, type BuildUnderTest } from './build-under-test.js';
import { troubles, type TroubleName } from './troubles.js';

/**
 * A patch to the product that makes it break a promise. Above the diff stand what it does, the trouble that brings it to
 * light, and what the judge must call it.
 */
export interface SeededBug {
  readonly name: string;
  readonly file: string;
  readonly trouble: TroubleName;
  readonly caughtAs: Conviction;
}

/** What the judge finds, or resets where Redis lost nothing. */
export type Conviction = ViolationClass | 'RESET FOR NOTHING';

/** How long clients may take to catch up in the end where nothing is wrong, in ms. */
export const healMs = 15_000;

/** What somebody who is merely slow can be convicted of, too: everybody has the same time. */
const slowness: ReadonlySet<Conviction> = new Set<Conviction>(['LOST', 'STRANDED', 'UNREPORTED', 'LEFT BEHIND']);

/** Less only where more time changes nothing: it is what a bug that is never at rest costs. */
export const healMsFor = ({ caughtAs }: Pick<SeededBug, 'caughtAs'>): number =>
  slowness.has(caughtAs) ? healMs : 3_000;

const directory = join(repository, 'test/seeded-bugs');

export async function seededBugs(): Promise<readonly SeededBug[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.patch')).sort();
  return Promise.all(files.map((file) => parse(file)));
}

async function parse(file: string): Promise<SeededBug> {
  const path = join(directory, file);
  const text = await readFile(path, 'utf8');
  const [, trouble = ''] = /^Trouble: (.+)$/m.exec(text) ?? [];
  const [, caughtAs = ''] = /^Caught as: (.+)$/m.exec(text) ?? [];
  if (!(trouble in troubles) || caughtAs === '') {
    throw new Error(`${file} must name its trouble (${Object.keys(troubles).join(', ')}) and what it is caught as`);
  }
  const name = file.replace(/\.patch$/, '');
  return { name, file: path, trouble: trouble as TroubleName, caughtAs: caughtAs as Conviction };
}

/** A copy of the sources with the bug in it, built: only what the patch has touched is compiled. */
export class BuggyCopy {
  private constructor(private readonly directory: TemporaryDirectory) {}

  /** @throws Error with a sentence if the patch fits no more */
  static async of(bug: SeededBug): Promise<BuggyCopy> {
    const copy = new BuggyCopy(await makeTemporaryDirectory(`bug-${bug.name}`));
    try {
      await copy.make(bug);
      return copy;
    } catch (error) {
      await copy.remove();
      throw error;
    }
  }

  get build(): BuildUnderTest {
    return buildIn(join(this.directory.path, 'dist'));
  }

  async remove(): Promise<void> {
    await this.directory.remove();
  }

  private async make({ name, file }: SeededBug): Promise<void> {
    // With the times, by which the build knows what has changed; node_modules of an earlier build would be a link.
    for (const part of ['package.json', 'src', 'test/support', 'dist/src', 'dist/test']) {
      await cp(join(repository, part), join(this.directory.path, part), { recursive: true, preserveTimestamps: true });
    }
    const { status, stderr } = spawnSync('git', ['apply', '--verbose', file], {
      cwd: this.directory.path,
      encoding: 'utf8',
    });
    if (status !== 0) {
      throw new Error(`the patch ${name} fits the sources no more: adapt test/seeded-bugs/${name}.patch\n${stderr}`);
    }
    await build({ root: this.directory.path, only: ['src', 'test/support'] });
  }
}
