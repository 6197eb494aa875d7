import { expect } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { PageLoad } from '../support/browser/page-load.js';
import { playInPage, type PageScene, type PageVerdict } from '../support/browser/page-scene.js';
import { itWithChromium, withChromium } from '../support/browser/with-chromium.js';
import { recordsOf } from '../support/judge/history.js';
import { breaches } from '../support/judge/promise.js';
import { readHistory } from '../support/judge/read-logs.js';
import { summaryOf } from '../support/judge/summary.js';
import { callApi } from '../support/load/api.js';
import type { Stage } from '../support/stage/stage.js';

/** BATON_TEST_OFFLINE_MS says otherwise: 60000, a tunnel. */
const OFFLINE_MS = Number(process.env['BATON_TEST_OFFLINE_MS'] ?? 4_000);
const RELOADS = 3;

const chromium = withChromium();

/** Dead connections are found in 2 s instead of 50. */
const stage = {
  replicas: 2,
  clientsPerTenant: 4,
  roomSize: 4,
  sendsPerSecond: 40,
  environment: { BATON_PING_MS: '1000' },
  backoff: { baseMs: 200, maxMs: 2_000 },
};

async function judged(what: string, perSecond: number, act: (scene: PageScene) => Promise<void>): Promise<PageVerdict> {
  const page = { name: 'page', clients: 2, perSecond, keeps: true };
  const verdict = await playInPage(chromium(), { stage, page, act });
  process.stdout.write(`${what}: ${summaryOf(verdict.whole)}\n`);
  expect(breaches(verdict.whole, null)).toEqual([]);
  expect(verdict.words.filter((text) => text.startsWith('notes'))).toEqual([]);
  return verdict;
}

/** The service has noticed that none of the page's clients is there. */
async function isGone(stage: Stage, sessions: readonly string[]): Promise<boolean> {
  const apiKey = stage.apiKeys[0]?.key ?? '';
  const answers = sessions.map((session) =>
    callApi({ method: 'GET', url: `${stage.apiUrl}/v1/sessions/${session}/connection`, apiKey }),
  );
  const rows = (await Promise.all(answers)).map(({ body }) => body as { readonly connected: boolean });
  return rows.every(({ connected }) => !connected);
}

async function comesBack(page: PageLoad, sessions: readonly string[]): Promise<void> {
  await page.arrived();
  await page.publish();
  await page.received(50);
  expect((await page.status()).sessions).toEqual(sessions);
}

itWithChromium('a reload goes on with the session, and nothing is lost or comes twice', async () => {
  const { whole } = await judged('reloads', 20, async ({ page, stage }) => {
    const { sessions } = await page.status();
    for (let time = 0; time < RELOADS; time += 1) {
      await page.reload();
      await comesBack(page, sessions);
    }
    await page.comeToRest(10_000);
    const { clients } = await readHistory(stage.logs);
    for (const client of clients.filter(({ who }) => who.startsWith('page-'))) {
      const received = new Set(recordsOf(client, 'receive').map(({ message }) => message.uid));
      const sent = recordsOf(client, 'send').map(({ uid }) => uid);
      expect(sent.length).toBeGreaterThan(10);
      expect(sent.filter((uid) => !received.has(uid))).toEqual([]);
    }
  });
  expect(whole.moves.max).toBe(RELOADS);
});

itWithChromium('who was offline gets everything when it is back', async () => {
  await judged(`${OFFLINE_MS / 1000} s offline`, 4, async ({ page, context, line, stage }) => {
    const { sessions } = await page.status();
    const untilMs = performance.now() + OFFLINE_MS;
    await context.setOffline(true);
    line.swallows = 'everything';
    const over = async () => performance.now() >= untilMs && (await isGone(stage, sessions));
    await eventually('the service to notice', over, { withinMs: OFFLINE_MS + 10_000, everyMs: 100 });
    line.swallows = 'nothing';
    await context.setOffline(false);
    await comesBack(page, sessions);
  });
});

itWithChromium('a tab that was frozen for longer than two pings goes on', async () => {
  await judged('frozen', 4, async ({ page, stage }) => {
    const { sessions } = await page.status();
    const thaw = await chromium().freeze();
    try {
      await eventually('the service to notice', () => isGone(stage, sessions), { withinMs: 15_000, everyMs: 100 });
    } finally {
      thaw();
    }
    await comesBack(page, sessions);
  });
});

itWithChromium('a duplicated tab is another session, and disturbs nobody', async () => {
  const { whole } = await judged('duplicated', 4, async ({ page, stage, join }) => {
    const { sessions } = await page.status();
    const copy = await PageLoad.in(await page.duplicate(), stage, {
      name: 'copy',
      clients: 2,
      perSecond: 4,
      keeps: true,
    });
    join(copy);
    await copy.arrived();
    await copy.publish();
    await copy.received(50);
    const ofCopy = (await copy.status()).sessions;
    expect(sessions).toEqual((await page.status()).sessions);
    expect(new Set([...sessions, ...ofCopy]).size).toBe(4);
    expect((await page.status()).moves + (await copy.status()).moves).toBe(0);
    await copy.reload();
    await comesBack(copy, ofCopy);
    await page.reload();
    await comesBack(page, sessions);
  });
  expect(whole.moves.max).toBe(1);
});
