import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';

export interface TemporaryFiles {
  readonly directory: string;
  /** Writes a file and returns its path. */
  write(name: string, content: string | Buffer): Promise<string>;
}

/** A directory for the tests of a file (or of a `describe`), removed after the last. */
export function withTemporaryFiles(): TemporaryFiles {
  let made: string | undefined;
  beforeAll(async () => {
    made = await mkdtemp(join(tmpdir(), 'baton-test-'));
  });
  afterAll(async () => {
    if (made !== undefined) await rm(made, { recursive: true, force: true });
  });
  const directory = () => {
    if (made === undefined) throw new Error('the directory is there only while tests run: ask in a test or a hook');
    return made;
  };
  return {
    get directory() {
      return directory();
    },
    async write(name, content) {
      const path = join(directory(), name);
      await writeFile(path, content);
      return path;
    },
  };
}
