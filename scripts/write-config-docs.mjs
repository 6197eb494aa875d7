// Writes docs/configuration.md from the table of settings; a test fails when the page is older than the table.
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from './build.mjs';

const repository = resolve(import.meta.dirname, '..');
await build({ only: ['src'] });
const page = await import(join(repository, 'dist/src/config/configuration-page.js'));
await writeFile(join(repository, 'docs/configuration.md'), page.configurationPage());
