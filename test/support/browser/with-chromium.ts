import { it } from '@jest/globals';
import { whileTestsRun } from '../while-tests-run.js';
import { findChromium } from './chromium-binary.mjs';
import { Chromium } from './chromium.js';

/** Skipped, and counted so, where there is no browser. */
export const itWithChromium: typeof it.skip = findChromium() === undefined ? it.skip : it;

/** One browser for the tests of a file: ask for it in an `itWithChromium`. */
export function withChromium(): () => Chromium {
  return whileTestsRun(
    () => Chromium.start(),
    (chromium) => chromium.close(),
  );
}
