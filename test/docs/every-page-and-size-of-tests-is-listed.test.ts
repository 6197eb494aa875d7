import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

async function sizes(): Promise<readonly string[]> {
  return [...(await read('jest.config.js')).matchAll(/^ {2}\{ name: '(\w+)'/gm)].map(([, name = '']) => name);
}

it('CONTRIBUTING.md has every size of tests, and no other', async () => {
  const page = await read('CONTRIBUTING.md');
  const described = [...page.matchAll(/^\| `test\/(\w+)` \|/gm)].map(([, name]) => name);
  expect(described.sort()).toEqual([...(await sizes())].sort());
});

it('CHANGELOG.md counts them', async () => {
  const numbers = ['five', 'six', 'seven', 'eight', 'nine'];
  expect(await read('CHANGELOG.md')).toContain(`tests of ${numbers[(await sizes()).length - 5] ?? '?'} sizes`);
});

it('docs/README.md leads to every page of docs, and README.md to it', async () => {
  const index = await read('docs/README.md');
  const pages = (await readdir(new URL('../../docs/', import.meta.url))).filter((name) => name.endsWith('.md'));
  expect(pages.length).toBeGreaterThan(12);
  expect(pages.filter((page) => page !== 'README.md' && !index.includes(`(${page})`))).toEqual([]);
  expect(await read('README.md')).toContain('](docs/README.md)');
});
