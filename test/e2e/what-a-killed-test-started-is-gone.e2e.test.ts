import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { repository } from '../support/stage/build-under-test.js';

const compiled = pathToFileURL(join(repository, 'dist/test/support/temporary-directory.js')).href;
const program = `
  import { makeTemporaryDirectory } from ${JSON.stringify(compiled)};
  console.log((await makeTemporaryDirectory('killed')).path);
  setInterval(() => undefined, 1000);
`;

it('a temporary directory goes with the process that made it, even one that is killed', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [said] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    const path = said.trim();
    expect(existsSync(path)).toBe(true);
    child.kill('SIGKILL');
    await eventually(`${path} to be gone`, () => !existsSync(path), { withinMs: 5000 });
  } finally {
    child.kill('SIGKILL');
  }
});
