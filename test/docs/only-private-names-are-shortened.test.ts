import { readFile } from 'node:fs/promises';
import { beforeAll, expect, it } from '@jest/globals';
import { findPrivateNames, privateNames } from '../../scripts/private-names.mjs';
import { sdkReference } from '../../scripts/sdk-reference.mjs';

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
let names: ReadonlySet<string>;
beforeAll(() => {
  names = new Set(privateNames());
});

it('scripts/private-names.json is what `npm run names:client` would write now', () => {
  expect(privateNames()).toEqual(findPrivateNames());
  expect(names.size).toBeGreaterThan(50);
});

const NAMES = /\w+(?=\??:)/g;
const publicNames = (modules: readonly string[], without?: string): readonly string[] =>
  sdkReference()
    .filter(({ module }) => modules.includes(module))
    .flatMap(({ exports }) => exports)
    .filter(({ name }) => name !== without)
    .flatMap(({ members, signature }) => [
      ...members.flatMap((member) => [member.name, ...(member.signature.match(NAMES) ?? [])]),
      ...(signature.match(NAMES) ?? []),
    ]);

it('no member of the public API is among them', () => {
  const members = publicNames(['@baton-service/client', '@baton-service/client/backend']);
  expect(members).toContain('sinceMs');
  expect(members).toContain('roundTripMs');
  expect(members.filter((name) => names.has(name))).toEqual([]);
});

it('a file without the observer shortens what only its events show', async () => {
  const shortened = privateNames({ observed: false });
  expect(shortened.filter((name) => !names.has(name))).toEqual(['connection', 'handOver']);
  expect(publicNames(['@baton-service/client'], 'WireEvent').filter((name) => shortened.includes(name))).toEqual([]);
  for (const path of ['src/protocol/frames.ts', 'src/client/kept.ts'])
    expect(await read(path)).not.toMatch(/^ +readonly (?:connection|handOver)\b/m);
});

it.each([
  'src/protocol/frames.ts',
  'src/client/kept.ts',
  'src/client/observer.ts',
  'src/client/storage.ts',
  'src/lib/clock.ts',
])('no property of %s is among them', async (path) => {
  const properties = [...(await read(path)).matchAll(/^ {2,}(?:readonly )?(\w+)\??[:(]/gm)].map(
    ([, name = '']) => name,
  );
  expect(properties.length).toBeGreaterThan(2);
  expect(properties.filter((name) => names.has(name))).toEqual([]);
});

it('nothing is reached by a name that is made at run time', async () => {
  // Types are reached so, too (`Ownership['plan']`): they are gone by then. `object['name']` or `'name' in object` would miss a property that is called otherwise in the file for a page.
  const { readdir } = await import('node:fs/promises');
  const files = (await readdir(new URL('../../src/client/', import.meta.url))).filter((name) => name.endsWith('.ts'));
  for (const file of files) {
    const quoted = (await read(`src/client/${file}`)).match(/'(\w+)' in |\b[a-z]\w*\['(\w+)'\]/g) ?? [];
    const reached = quoted.map((text) => /'(\w+)'/.exec(text)?.[1] ?? '');
    expect(reached.filter((name) => privateNames({ observed: false }).includes(name))).toEqual([]);
  }
});
