import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const repository = resolve(import.meta.dirname, '../../..');

/** A file of Markdown, by its path from the repository's root. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

const folders = ['docs', 'examples', 'bench', 'src', '.github'];

/** Every page of the repository: those of its root, and those below the folders that have some. */
export function allPages(): readonly Page[] {
  const inRoot = readdirSync(repository).filter((name) => name.endsWith('.md'));
  const below = folders
    .filter((folder) => existsSync(join(repository, folder)))
    .flatMap((folder) =>
      readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
        .map((name) => `${folder}/${name}`),
    );
  return [...inRoot, ...below].sort().map(readPage);
}

export function readPage(path: string): Page {
  return { path, text: readFileSync(join(repository, path), 'utf8') };
}
