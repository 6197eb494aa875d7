import { expect } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { documentedRules } from '../support/kubernetes/api-access.js';
import { renderChart } from '../support/kubernetes/chart.js';
import { itWithHelm } from '../support/kubernetes/cluster-here.js';

async function rolesOf(kubernetes: { readonly enabled: boolean }): Promise<readonly unknown[]> {
  const { status, stdout, stderr } = await renderChart({ redis: { dev: { enabled: true } }, kubernetes });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const objects = parseAllDocuments(stdout).map((document) => document.toJS() as Record<string, unknown> | null);
  return objects.filter((object) => object?.['kind'] === 'Role').map((role) => role?.['rules']);
}

itWithHelm('the Role of the chart has the documented rules', async () => {
  expect(await rolesOf({ enabled: true })).toEqual([documentedRules('docs/kubernetes.md')]);
});

itWithHelm('there is no Role where nothing is asked', async () => {
  expect(await rolesOf({ enabled: false })).toEqual([]);
});
