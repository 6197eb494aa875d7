import { resolve } from 'node:path';
import { expect } from '@jest/globals';
import { itWithHelm } from '../support/kubernetes/cluster-here.js';
import { run } from '../support/kubernetes/program.js';
import { repository } from '../support/stage/build-under-test.js';

itWithHelm('k8s/ is what the chart renders', async () => {
  const { stderr } = await run(process.execPath, [resolve(repository, 'scripts/render-k8s.mjs'), '--check']);
  expect(stderr).toBe('');
});
