// Plain JavaScript that needs nothing installed: the scripts behind `npm test` and `npm run demo` ask it, too.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The programs of these names on the PATH and where distributions put them, by name and then by place.
 * @param {readonly string[]} names
 * @returns {string[]}
 */
export function executablesNamed(names) {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/bin', '/usr/bin'];
  return names.flatMap((name) => directories.map((directory) => join(directory, name))).filter(isExecutable);
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
