import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packClient } from '../../../scripts/pack-client.mjs';

const run = promisify(execFile);

/** Packs the SDK as it is published, and unpacks it into a directory of packages, as npm would. Returns that directory. */
export async function installSdk(place: string): Promise<string> {
  const { tarball } = await packClient({ outDir: place });
  const target = join(place, 'node_modules/@baton-service/client');
  await mkdir(target, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
  return join(place, 'node_modules');
}
