import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { writeSecrets, podEnvironment, quickDrain } from '../support/pods/pod-environment.js';
import { PodProcess, probe } from '../support/pods/pod-process.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { withTemporaryFiles } from '../support/temporary-files.js';

const files = withTemporaryFiles();
const main = join(import.meta.dirname, '../../dist/src/main.js');

async function run(environment: Readonly<Record<string, string>>): Promise<{ code: unknown; stderr: string }> {
  const child = spawn(process.execPath, [main], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [unknown];
  return { code, stderr };
}

it('a bad configuration is printed in full and exits with 78', async () => {
  const { code, stderr } = await run({ BATON_PORT: 'http', BATON_PROT: '1' });
  expect(code).toBe(78);
  expect(stderr.trimEnd().split('\n')).toEqual([
    "Baton can't start with this configuration:",
    'BATON_PROT: is no setting; docs/configuration.md lists all of them',
    'BATON_PORT: must be a whole number from 0 to 65535, not "http"',
    'BATON_RESUME_KEYS_FILE: is required',
    'BATON_REDIS_URL, BATON_REDIS_SENTINELS, BATON_REDIS_CLUSTER_NODES: exactly one of the three must be set',
    'BATON_TOKEN_SECRET_FILE, BATON_TOKEN_PUBLIC_KEY_FILE: exactly one of the two must be set',
  ]);
});

it('a key file that cannot be read is named and exits with 1', async () => {
  const secrets = await writeSecrets(join(files.directory, 'secrets'), []);
  const redis = { url: 'redis://127.0.0.1:1', keyPrefix: 'x:' };
  const { code, stderr } = await run({
    ...podEnvironment(redis, quickDrain),
    ...secrets.environment,
    BATON_RESUME_KEYS_FILE: '/nowhere/resume-keys',
  });
  expect(code).toBe(1);
  expect(stderr).toContain('/nowhere/resume-keys');
});

it('SIGTERM while waiting for Redis ends the process at once with 0', async () => {
  const secrets = await writeSecrets(join(files.directory, 'waiting'), []);
  const healthPort = await freePort();
  const pod = PodProcess.start({
    name: 'waiting',
    revision: 'r1',
    main,
    logFile: join(files.directory, 'waiting.log'),
    environment: {
      ...podEnvironment({ url: 'redis://127.0.0.1:1', keyPrefix: 'x:' }, quickDrain),
      ...secrets.environment,
      BATON_HEALTH_PORT: String(healthPort),
    },
  });
  await eventually('the pod to wait', async () => (await probe(healthPort, '/startupz')) === 503);
  expect(await pod.terminate(5_000)).toEqual({ code: 0, signal: null });
});
