import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packClient } from '../../../scripts/pack-client.mjs';
import { repository } from './pages.js';

const run = promisify(execFile);

/**
 * Packs the SDK as it is published, and unpacks it into a directory of packages, as npm would, beside a library that signs
 * tokens. Returns that directory.
 */
export async function installSdk(place: string): Promise<string> {
  const { tarball } = await packClient({ outDir: place });
  const target = join(place, 'node_modules/@baton-service/client');
  await mkdir(target, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
  // In the clone itself it is a part of the service's package.
  await symlink(repository, join(place, 'node_modules/@baton-service/baton'), 'dir');
  await symlink(join(repository, 'node_modules/jose'), join(place, 'node_modules/jose'), 'dir');
  return join(place, 'node_modules');
}
