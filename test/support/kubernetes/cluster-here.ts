import { spawnSync } from 'node:child_process';
import { it } from '@jest/globals';

const hasProgram = (name: string, versionArgs: readonly string[]) => spawnSync(name, versionArgs).status === 0;

function missingHelm(): string | undefined {
  return hasProgram('helm', ['version']) ? undefined : 'Helm is not on the PATH';
}

function missingCluster(): string | undefined {
  if ((process.env['KUBECONFIG'] ?? '') === '') return 'KUBECONFIG names no cluster';
  if (!hasProgram('kubectl', ['version', '--client'])) return 'kubectl is not on the PATH';
  return missingHelm();
}

const withoutHelm = missingHelm();
const withoutCluster = missingCluster();
const without = withoutHelm ?? withoutCluster;
if (without !== undefined) process.stderr.write(`Skipped is what needs a cluster or its tools, because ${without}.\n`);

/** For tests that only render the chart. */
export const itWithHelm: typeof it.skip = withoutHelm === undefined ? it : it.skip;
/** For tests that use a cluster: each in a namespace of its own. */
export const itWithCluster: typeof it.skip = withoutCluster === undefined ? it : it.skip;
export const hasCluster = withoutCluster === undefined;

/** The images that are tried: loaded onto the nodes, or where the cluster can pull them. */
export const testImages = {
  baton: process.env['BATON_TEST_IMAGE'] ?? 'localhost/baton:dev',
  redis: process.env['BATON_TEST_REDIS_IMAGE'] ?? 'docker.io/library/redis:7.2-bookworm',
};
