import { findChromium } from '../test/support/browser/chromium-binary.mjs';
import buildBeforeTests from './build-before-tests.mjs';

/** Jest's globalSetup of the tests in a browser: says once why they are skipped, if they are. */
export default async function buildBeforeBrowserTests() {
  await buildBeforeTests();
  if (findChromium() !== undefined) return;
  process.stderr.write('Skipped is what needs a browser, because there is no Chromium (Debian: apt install chromium).\n');
}
