import { it } from '@jest/globals';
import { whileTestsRun } from '../while-tests-run.js';
import { findChromium } from './chromium-binary.mjs';
import { Chromium } from './chromium.js';

const isThere = findChromium() !== undefined;
if (!isThere) {
  process.stderr.write(
    'Skipped is what needs a browser, because there is no Chromium (Debian: apt install chromium).\n',
  );
}

export const itWithChromium: typeof it.skip = isThere ? it : it.skip;

/** One browser for the tests of a file: ask for it in an `itWithChromium`. */
export function withChromium(): () => Chromium {
  return whileTestsRun(
    () => Chromium.start(),
    (chromium) => chromium.close(),
  );
}
