import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { repository } from '../support/stage/build-under-test.js';
import { withTemporaryFiles } from '../support/temporary-files.js';

const files = withTemporaryFiles();

/** `.ci/run` in a tree of its own, with an npm that does nothing but end. */
async function checks(name: string, ends: { readonly test: number; readonly demo: number }) {
  const tree = join(files.directory, name);
  await mkdir(tree);
  await cp(join(repository, '.ci'), join(tree, '.ci'), { recursive: true });
  const npm = await files.write(
    `${name}/npm`,
    [
      '#!/bin/sh',
      `[ "$*" != test ] || { echo "3 passed, ${ends.test} failed"; exit ${ends.test}; }`,
      `[ "$*" != "run demo" ] || { echo "the demonstration was here"; exit ${ends.demo}; }`,
      'exit 99',
    ].join('\n'),
  );
  await chmod(npm, 0o755);
  const env = { PATH: `${tree}:${process.env['PATH'] ?? ''}` };
  const { status, stdout } = spawnSync(join(tree, '.ci/run'), { encoding: 'utf8', env });
  return { status, shown: stdout.includes('the demonstration was here'), last: stdout.trimEnd().split('\n').at(-1) };
}

it.each([
  ['counts it as a test that passed', { test: 0, demo: 0 }, { status: 0, last: '4 passed, 0 failed' }],
  ['counts it as a test that failed', { test: 0, demo: 1 }, { status: 1, last: '3 passed, 1 failed' }],
  ['shows it also when tests failed', { test: 1, demo: 0 }, { status: 1, last: '4 passed, 1 failed' }],
])('the demonstration is part of all checks, which %s', async (name, ends, outcome) => {
  expect(await checks(name.replaceAll(' ', '-'), ends)).toEqual({ shown: true, ...outcome });
});
