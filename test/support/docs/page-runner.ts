import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { eventually } from '../eventually.js';
import { type Mark, setting, settings } from './block-mark.js';
import type { BlockRunner } from './block-runner.js';
import type { PageStage } from './page-stage.js';
import { shownChecks } from './shown-blocks.js';

const PAGE = 'page.html';

/** `npm run dev -- --page <file>`: what the page shows from then on is about that Baton. */
export const devRunner: BlockRunner = {
  languages: ['sh'],
  settings: [],

  async run({ block, stage }) {
    const [, file = PAGE] = /^npm run dev(?: -- --page (\S+))?(?: +#.*)?$/m.exec(block.code) ?? [];
    if (!block.code.includes('npm run dev')) throw new Error('it has no npm run dev');
    await (await stage()).startDev(file);
  },
};

/** A page, served by `baton dev` and opened in a browser; where there is none, its modules are parsed. */
export const pageRunner: BlockRunner = {
  languages: ['html'],
  settings: ['file', 'prints', 'type', 'send'],

  async run({ block, mark, stage, chromium }) {
    shownChecks.get('html')?.(block.code);
    const here = await stage();
    const file = setting(mark, 'file', PAGE);
    await mkdir(dirname(join(here.directory, file)), { recursive: true });
    await writeFile(join(here.directory, file), `${block.code}\n`);
    if (chromium === null) return;
    const context = await chromium.newContext();
    try {
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (line) => {
        const isOurs = !line.location().url.endsWith('/favicon.ico');
        if (line.type() === 'error' && isOurs) complaints.push(line.text());
      });
      await page.goto(await here.pageUrl(file));
      await shows(page, mark, here);
      if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join('\n')}`);
    } finally {
      await context.close();
    }
  },
};

/** What is typed or sent is so again and again: nobody says when everything is connected. */
async function shows(page: Page, mark: Mark, stage: PageStage): Promise<void> {
  for (const text of settings(mark, 'prints'))
    await eventually(
      `the page to show ${JSON.stringify(text)}`,
      async () => {
        await act(page, mark, stage);
        const shown = await page.locator('body').innerText();
        return shown.includes(text) || (await page.waitForTimeout(50), false);
      },
      { withinMs: 20_000 },
    );
}

async function act(page: Page, mark: Mark, stage: PageStage): Promise<void> {
  for (const line of settings(mark, 'type')) {
    const [, selector = '', text = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
    await page.fill(selector, text);
    await page.press(selector, 'Enter');
  }
  for (const body of settings(mark, 'send')) await stage.call('POST', '/v1/messages', { body });
}
