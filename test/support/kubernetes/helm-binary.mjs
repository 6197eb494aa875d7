// Plain JavaScript that needs nothing installed: the script behind `npm test` asks it, too.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { executablesNamed } from '../executables.mjs';

export const helmVersion = '4.1.4';
/** Where `npm test` puts it; gone with node_modules. */
export const pinnedHelm = join(
  resolve(dirname(fileURLToPath(import.meta.url)), '../../..'),
  `node_modules/.cache/helm-${helmVersion}/helm`,
);

/** @returns {string | undefined} the program: the pinned one, else one on the PATH that starts */
export function findHelm() {
  return existsSync(pinnedHelm) ? pinnedHelm : executablesNamed(['helm']).find(isHelm);
}

/** @param {string} file */
function isHelm(file) {
  return spawnSync(file, ['version', '--short'], { timeout: 10_000 }).status === 0;
}
