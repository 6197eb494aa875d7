import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { configurationPage } from '../../src/config/configuration-page.js';
import { allOptions } from '../../src/config/load-config.js';

const root = new URL('../../', import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8');

it('docs/configuration.md is what `npm run docs:config` would write now', async () => {
  expect(await read('docs/configuration.md')).toBe(configurationPage());
});

it('every setting that the chart passes on exists, and no two settings share a variable', async () => {
  const known = allOptions().map(({ key }) => key);
  expect(new Set(known).size).toBe(known.length);
  const chart = await read('helm/baton/templates/_environment.tpl');
  const passed = [...chart.matchAll(/- name: (BATON_\w+)/g)].map(([, key]) => key);
  expect(passed.length).toBeGreaterThan(10);
  expect(passed.filter((key) => key === undefined || !known.includes(key))).toEqual([]);
});
