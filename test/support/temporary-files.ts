import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { makeTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.js';

export interface TemporaryFiles {
  readonly directory: string;
  /** Writes a file and returns its path. */
  write(name: string, content: string | Buffer): Promise<string>;
}

/** A directory for the tests of a file (or of a `describe`), removed after the last. */
export function withTemporaryFiles(): TemporaryFiles {
  let made: TemporaryDirectory | undefined;
  beforeAll(async () => {
    made = await makeTemporaryDirectory('test');
  });
  afterAll(async () => {
    await made?.remove();
  });
  const directory = () => {
    if (made === undefined) throw new Error('the directory is there only while tests run: ask in a test or a hook');
    return made.path;
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
