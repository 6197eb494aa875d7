import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';

it('every row of the faults of Redis names a test that is there', async () => {
  const page = await readFile(new URL('../../docs/reliability.md', import.meta.url), 'utf8');
  const section = /^## Redis faults: what happens$([^]*?)(?=^## |$(?![^]))/m.exec(page)?.[1] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| fault |'));
  expect(rows.length).toBeGreaterThan(15);
  const named = rows.map((row) => /\| `([a-z0-9-]+)` \|$/.exec(row)?.[1] ?? `no test in: ${row}`);
  const missing = named.filter(
    (name) => !existsSync(new URL(`../integration/${name}.integration.test.ts`, import.meta.url)),
  );
  expect(missing).toEqual([]);
});
