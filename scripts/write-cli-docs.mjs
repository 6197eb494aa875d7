// Writes docs/cli.md from the commands' own help; a test fails when the page is older than that.
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from './build.mjs';

const repository = resolve(import.meta.dirname, '..');
await build({ only: ['src'] });
const { cliPage } = await import(join(repository, 'dist/src/cli/cli-page.js'));
await writeFile(join(repository, 'docs/cli.md'), cliPage());
