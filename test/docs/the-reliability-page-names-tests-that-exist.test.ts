import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';

const integration = new URL('../integration/', import.meta.url);
const fileOf = (name: string): URL => new URL(`${name}.integration.test.ts`, integration);

async function faultsOfRedis(): Promise<string> {
  const page = await readFile(new URL('../../docs/reliability.md', import.meta.url), 'utf8');
  return /^## Redis faults: what happens$([^]*?)(?=^## |$(?![^]))/m.exec(page)?.[1] ?? '';
}

it('every row of the faults of Redis names a test that is there', async () => {
  const rows = (await faultsOfRedis())
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| fault |'));
  expect(rows.length).toBeGreaterThan(15);
  const named = rows.map((row) => /\| `([a-z0-9-]+)` \|$/.exec(row)?.[1] ?? `no test in: ${row}`);
  expect(named.filter((name) => !existsSync(fileOf(name)))).toEqual([]);
});

it('the tests with eight clients and the judge are those that the page names', async () => {
  const [text = '', table = ''] = (await faultsOfRedis()).split('| fault |');
  const named = [...text.matchAll(/`([a-z0-9-]+-[a-z0-9-]+)`/g)].map(([, name]) => name);
  const tests = new Set([...table.matchAll(/\| `([a-z0-9-]+)` \|$/gm)].map(([, name = '']) => name));
  const judged = [];
  for (const name of tests) {
    const source = await readFile(fileOf(name), 'utf8');
    if (source.includes('breaches') && /\.traffic\((?!\{ clients)/.test(source)) judged.push(name);
  }
  expect(named.sort()).toEqual(judged.sort());
});
