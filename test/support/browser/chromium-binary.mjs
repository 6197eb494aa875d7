// Plain JavaScript that needs nothing installed: the script behind `npm test` asks it, too.
import { executablesNamed, isExecutable } from '../executables.mjs';

/** Debian's /usr/bin/chromium is a script that adds flags of its own; this is what it starts. */
const behindDebiansScript = '/usr/lib/chromium/chromium';

/**
 * Chromium on this machine, or what BATON_TEST_CHROMIUM names instead.
 * @returns {string | undefined} its path; `undefined` if there is none
 */
export function findChromium() {
  const wanted = process.env['BATON_TEST_CHROMIUM'] ?? '';
  const places =
    wanted === '' ? [behindDebiansScript, ...executablesNamed(['chromium', 'chromium-browser'])] : [wanted];
  return places.find(isExecutable);
}
