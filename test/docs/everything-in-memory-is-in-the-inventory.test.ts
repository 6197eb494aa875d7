import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const repository = resolve(import.meta.dirname, '../..');
const source = join(repository, 'src');

/** A field of a class that begins as an empty collection, or is made one later: it is there to be filled. */
const COLLECTION =
  /^ {2}(?!const |let )(?:(?:private|protected|public|readonly) )*#?\w+(?:: .+?)? = (?:new (?:Weak)?(?:Map|Set)\b|\[\];)|: (?:(?:Weak)?(?:Map|Set)<.+>|.+\[\]) \| null = null;/m;

function filesWithCollections(): readonly string[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/^(client|cli)\//.test(file))
    .filter((file) => COLLECTION.test(readFileSync(join(source, file), 'utf8')))
    .sort();
}

function inventory(): readonly string[] {
  const page = readFileSync(join(repository, 'ARCHITECTURE.md'), 'utf8');
  const [, section = ''] = page.split('## What is in memory');
  return Array.from(section.matchAll(/`(\w+\/[\w-]+\.ts)`/g), ([, file = '']) => file).sort();
}

describe('the inventory in ARCHITECTURE.md', () => {
  it('names every file whose classes keep a collection, and no other', () => {
    expect(inventory()).toEqual(filesWithCollections());
  });

  it('would notice a new one', () => {
    for (const field of [
      '  private readonly cache = new Map<string, string>();',
      '  private seen: Set<string> = new Set();',
      '  readonly #list: readonly string[] = [];',
      '  private waiting: (() => void)[] = [];',
      '  private seen: Set<string> | null = null;',
    ])
      expect(`class A {\n${field}\n}`).toMatch(COLLECTION);
  });
});
