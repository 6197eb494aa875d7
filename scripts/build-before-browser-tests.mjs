import { rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { findChromium } from '../test/support/browser/chromium-binary.mjs';
import buildBeforeTests from './build-before-tests.mjs';
import { bundleClient } from './pack-client.mjs';

const observed = resolve(import.meta.dirname, '../dist/page/baton.observed.min.js');

/**
 * Jest's globalSetup of the tests in a browser: makes the file for pages once more, with the observer that the judge's
 * records come from, and says once why the tests are skipped, if they are.
 */
export default async function buildBeforeBrowserTests() {
  await buildBeforeTests();
  const part = `${observed}.${process.pid}.part`;
  await writeFile(part, await bundleClient({ observed: true }));
  await rename(part, observed);
  if (findChromium() !== undefined) return;
  const why = 'there is no Chromium (Debian: apt install chromium)';
  process.stderr.write(`Skipped is what needs a browser, because ${why}.\n`);
}
