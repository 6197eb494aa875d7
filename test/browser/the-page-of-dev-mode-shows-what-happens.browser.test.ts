import { afterAll, beforeAll, expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { itWithChromium, withChromium } from '../support/browser/with-chromium.js';
import { CliProcess } from '../support/cli/cli-process.js';
import { eventually } from '../support/eventually.js';

const chromium = withChromium();
let dev: CliProcess;
let url: string;

beforeAll(async () => {
  dev = CliProcess.start(['dev', '--port', '0', '--json']);
  const [line = ''] = await dev.lines(1);
  ({ url } = JSON.parse(line) as { readonly url: string });
});
afterAll(() => dev.interrupt());

const errors: string[] = [];
async function open(): Promise<Page> {
  const page = await (await chromium().newContext()).newPage();
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await page.goto(url);
  await page.waitForSelector('#state[data-kind=connected]');
  return page;
}
const text = async (page: Page, selector: string): Promise<string> => (await page.textContent(selector)) ?? '';
const shows = (page: Page, selector: string, wanted: string) =>
  eventually(`${selector} to show ${wanted}`, async () => (await text(page, selector)).includes(wanted), {
    withinMs: 10_000,
  });

itWithChromium('two people see each other, what each publishes, what a backend sends, and every frame', async () => {
  const [ann, bob] = [await open(), await open()];
  await bob.click('#toggle');
  await bob.fill('#user', 'bob');
  await bob.click('#toggle');
  await shows(ann, '#present', 'bob in room');
  await ann.fill('#data', '{"text": "from ann"}');
  await ann.click('#publish button.main');
  await shows(bob, '#messages', '{"text":"from ann"}');
  await bob.fill('#data', '{"text": "from a backend"}');
  await bob.click('#publish button[value=backend]');
  await shows(ann, '#messages', '{"text":"from a backend"}');
  expect(await text(bob, '#curl')).toContain(`curl ${url}/v1/messages`);
  await ann.click('#cut');
  await shows(ann, '#state', 'attempt 2');
  await shows(ann, '#frames', '"resumed":true');
  await bob.click('#subscriptions button');
  await shows(ann, '#present', 'ada in room');
  await eventually('bob to leave', async () => !(await text(ann, '#present')).includes('bob'));
  expect(errors).toEqual([]);
});

itWithChromium('says what is wrong, and comes back after a reload as who it was', async () => {
  const page = await open();
  await page.fill('#stream', 'nothing:here');
  await page.click('#subscribe button');
  await shows(page, '#note', 'bad-stream');
  await page.click('#toggle');
  await page.fill('#user', 'cleo');
  await page.click('#toggle');
  await shows(page, '#session', 'cleo');
  await page.reload();
  await shows(page, '#session', 'cleo');
  await page.setViewportSize({ width: 400, height: 800 });
  expect(await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth')).toBe(
    true,
  );
  expect(errors).toEqual([]);
});
