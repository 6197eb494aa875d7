import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { cliPage } from '../../src/cli/cli-page.js';
import { commands } from '../../src/cli/run-cli.js';
import { baton } from '../support/cli/baton.js';

const page = new URL('../../docs/cli.md', import.meta.url);

it('docs/cli.md is what `npm run docs:cli` would write now', async () => {
  expect(await readFile(page, 'utf8')).toBe(cliPage());
});

it.each(commands.map(({ name }) => name))('baton help %s is what the page has', async (name) => {
  const { code, out } = await baton(['help', name]);
  expect(code).toBe(0);
  expect(await readFile(page, 'utf8')).toContain(`\n\`\`\`text\n${out.join('\n')}\n\`\`\`\n`);
  expect(await baton([name, '--help'])).toMatchObject({ code: 0, out });
  for (const line of out.join('\n').split('\n')) expect(line.length).toBeLessThanOrEqual(124);
});

it('every command names in its usage each option that it takes', async () => {
  for (const { name, usage } of commands) {
    const source = await readFile(new URL(`../../src/cli/${name}-command.ts`, import.meta.url), 'utf8');
    const own = Array.from(
      source.matchAll(/^ +'?([a-z-]+)'?: \{ type: '(?:string|boolean)'/gm),
      ([, option]) => option,
    );
    for (const option of own) expect(`${name}: ${usage}`).toContain(`--${option}`);
  }
});
