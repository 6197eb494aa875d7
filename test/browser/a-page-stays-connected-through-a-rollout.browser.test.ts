import { expect } from '@jest/globals';
import { playInPage } from '../support/browser/page-scene.js';
import { itWithChromium, withChromium } from '../support/browser/with-chromium.js';
import { breaches } from '../support/judge/promise.js';
import { summaryOf } from '../support/judge/summary.js';
import { rollOut } from '../support/stage/rollouts.js';

const chromium = withChromium();

itWithChromium('clients of a page under a strict policy lose nothing and move once in a rollout', async () => {
  const { whole, words, badExits } = await playInPage(chromium(), {
    stage: { replicas: 3, clientsPerTenant: 10, roomSize: 5, sendsPerSecond: 40 },
    page: { name: 'page', clients: 5, perSecond: 2 },
    act: async ({ stage, crowd, page }) => {
      await rollOut(stage, crowd, 'r2');
      await page.until('to move', 10_000, ({ clients, moves, moving }) => moves >= clients && moving === 0);
      await page.received(50);
    },
  });
  process.stdout.write(`a page through a rollout, Chromium ${chromium().version}: ${summaryOf(whole)}\n`);
  expect(whole.clients).toBe(15);
  expect(breaches(whole, { mean: 1, max: 1, longestDelayMs: null })).toEqual([]);
  expect(words).toEqual([]);
  expect(badExits).toEqual([]);
});
