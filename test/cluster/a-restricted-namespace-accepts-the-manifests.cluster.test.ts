import { resolve } from 'node:path';
import { describe, expect } from '@jest/globals';
import { applyChart, renderChart } from '../support/kubernetes/chart.js';
import { itWithCluster } from '../support/kubernetes/cluster-here.js';
import { withNamespace } from '../support/kubernetes/namespace.js';
import { repository } from '../support/stage/build-under-test.js';

describe('a namespace that enforces Pod Security "restricted"', () => {
  const here = withNamespace('manifests');
  const dryRun = (args: readonly string[], input = '') =>
    here().tryKubectl(['create', '--dry-run=server', '--output', 'name', ...args], { input });

  itWithCluster('accepts the chart without a warning', async () => {
    const { stdout } = await renderChart({ redis: { dev: { enabled: true } } });
    expect(await dryRun(['--filename', '-'], stdout)).toEqual({
      status: 0,
      stdout: expect.stringContaining('deployment.apps/baton-dev-redis'),
      stderr: '',
    });
  });

  itWithCluster('accepts k8s/ without a warning', async () => {
    const { status, stdout, stderr } = await dryRun(['--kustomize', resolve(repository, 'k8s')]);
    const made = stdout.trim().split('\n').sort();
    expect({ status, made, stderr }).toEqual({
      status: 0,
      made: ['deployment.apps/baton', 'service/baton', 'serviceaccount/baton'],
      stderr: '',
    });
  });

  itWithCluster('keeps the keys that the chart made when it is upgraded', async () => {
    const values = { replicas: 0, redis: { dev: { enabled: true } } };
    const keys = () => here().kubectl(['get', 'secret', 'baton-auth', '--output=jsonpath={.data}']);
    await applyChart(here().name, values);
    const before = await keys();
    await applyChart(here().name, { ...values, connections: { capacity: 100 } });
    expect(await keys()).toBe(before);
    const names = Object.keys(JSON.parse(before) as object).sort();
    expect(names).toEqual(['api-key', 'api-keys.json', 'resume-keys', 'token-secret']);
  });
});
