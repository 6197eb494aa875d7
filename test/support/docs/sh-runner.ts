import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setting, settings } from './block-mark.js';
import { executablesNamed } from '../executables.mjs';
import type { BlockRunner } from './block-runner.js';
import { startBlock } from './run-block.js';
import { shownChecks } from './shown-blocks.js';

const EXPORTS = '.exports.sh';

/** What readers have and a machine of tests may not: a block that uses one is then only checked for what it names. */
const programs = ['curl', 'redis-cli'];
const lacks = (code: string): boolean =>
  programs.some((name) => code.includes(`${name} `) && executablesNamed([name]).length === 0);

/** A block of a shell: what it exports, and where it went, the next one of the page finds, as a reader's terminal does. */
export const shRunner: BlockRunner = {
  languages: ['sh'],
  settings: ['prints', 'status', 'endless', 'background'],

  async run({ block, mark, stage }) {
    if (lacks(block.code)) {
      shownChecks.get('sh')?.(block.code);
      return;
    }
    const here = await stage();
    const { directory, environment } = here;
    const exports = join(directory, EXPORTS);
    const code = await here.withSession(here.placed(block.code));
    const script = join(directory, `block-${block.line}.sh`);
    const remember = `{ declare -px; printf 'cd %q\\n' "$PWD"; } > '${exports}'`;
    await writeFile(
      script,
      `${existsSync(exports) ? `. '${exports}'\n` : ''}set -euo pipefail\n${code}\n${remember}\n`,
    );
    const prints = settings(mark, 'prints');
    const endless = setting(mark, 'endless') === 'yes';
    const started = startBlock({
      program: 'bash',
      args: [script],
      directory,
      environment,
      prints,
      endless,
      deadlineMs: 20_000,
    });
    here.keep(started);
    // It goes on beside the blocks that follow, which show whether it works.
    if (setting(mark, 'background') === 'yes') return;
    const { status, stdout, stderr, missing } = await started.outcome;
    const wanted = Number(setting(mark, 'status', '0'));
    if (missing.length > 0) throw new Error(`it didn't print ${JSON.stringify(missing[0])}, but:\n${stdout}${stderr}`);
    if (!endless && status !== wanted) throw new Error(`it ended with ${status}, not ${wanted}:\n${stdout}${stderr}`);
  },
};
