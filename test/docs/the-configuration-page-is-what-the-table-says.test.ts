import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { configurationPage } from '../../src/config/configuration-page.js';
import { allOptions } from '../../src/config/load-config.js';

const page = new URL('../../docs/configuration.md', import.meta.url);

it('docs/configuration.md is what `npm run docs:config` would write now', async () => {
  expect(await readFile(page, 'utf8')).toBe(configurationPage());
});

it('no two settings share a variable', () => {
  const keys = allOptions().map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});
