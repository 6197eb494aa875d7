import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../test/support/stage/build-under-test.js';

const own = join(repository, 'bench');
const stamp = join(own, 'node_modules/.stamp-lockfile');

/** The peers are a package of their own, so that nobody else's `npm ci` brings them. */
export function installPeers(): Readonly<Record<string, string>> {
  const lockfile = readFileSync(join(own, 'package-lock.json'), 'utf8');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lockfile) {
    const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
    const { status, stdout, stderr } = spawnSync('npm', args, { cwd: own, encoding: 'utf8' });
    if (status !== 0) throw new Error(`the peers could not be installed:\n${stdout}${stderr}`);
    writeFileSync(stamp, lockfile);
  }
  const { dependencies } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return dependencies;
}
