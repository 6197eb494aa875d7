import { join, sep } from 'node:path';

const here = import.meta.dirname;
const [beforeDist] = here.split(`${sep}dist${sep}`);
const isCompiled = beforeDist !== here;

/** The repository, from its sources and from its build alike. */
export const repository = isCompiled ? (beforeDist ?? here) : join(here, '../../..');

/** The compiled programs; of another tree when a test has built one of its own. */
export interface BuildUnderTest {
  readonly pod: string;
  readonly load: string;
  readonly backend: string;
}

export function buildIn(directory: string): BuildUnderTest {
  return {
    pod: join(directory, 'src/main.js'),
    load: join(directory, 'test/support/load/load-main.js'),
    backend: join(directory, 'test/support/load/backend-main.js'),
  };
}

export const ownBuild = buildIn(join(repository, 'dist'));
