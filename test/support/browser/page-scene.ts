import type { BrowserContext } from 'playwright-core';
import type { Verdict } from '../judge/verdict.js';
import { Crowd } from '../stage/crowd.js';
import type { StageOptions } from '../stage/stage-options.js';
import { Stage } from '../stage/stage.js';
import { TcpGate } from '../tcp-gate.js';
import type { Chromium } from './chromium.js';
import { loadPage, PageLoad, type PageLoadWishes } from './page-load.js';
import { PageServer } from './page-server.js';

/** A page full of clients among others that aren't in browsers, and what can happen to it. */
export interface PageScene {
  readonly stage: Stage;
  readonly crowd: Crowd;
  readonly context: BrowserContext;
  readonly page: PageLoad;
  /** All that the page's clients send and get goes through it. */
  readonly line: TcpGate;
  /** Takes another page into the scene: it comes to rest and leaves with the others. */
  readonly join: (page: PageLoad) => void;
}

export interface PageVerdict {
  readonly whole: Verdict;
  readonly badExits: readonly string[];
  /** What pages said on their consoles. */
  readonly words: readonly string[];
}

export interface PagePlay {
  readonly stage: Partial<StageOptions>;
  readonly page: PageLoadWishes;
  readonly act: (scene: PageScene) => Promise<void>;
}

const restWithinMs = 15_000;

/** Traffic both ways, then the act, then the judge: over what applications saw, in the page and elsewhere. */
export async function playInPage(chromium: Chromium, { stage: options, page: wishes, act }: PagePlay) {
  const stage = await Stage.start(options);
  const line = await TcpGate.start(stage.url);
  const server = await PageServer.start({ '/load': loadPage });
  const context = await chromium.newContext();
  try {
    const url = line.url.replace(/^redis/, 'ws');
    const page = await PageLoad.open(stage, context, server.origin, { url, ...wishes });
    await page.arrived();
    const crowd = await Crowd.arrive(stage);
    try {
      const pages = [page];
      await page.publish();
      await page.received(50);
      await act({ stage, crowd, context, page, line, join: (other) => pages.push(other) });
      return await verdictOn(stage, crowd, pages);
    } finally {
      await crowd.leave();
    }
  } finally {
    await context.close();
    await server.stop();
    await line.stop();
    await stage.close();
  }
}

async function verdictOn(stage: Stage, crowd: Crowd, pages: readonly PageLoad[]): Promise<PageVerdict> {
  await Promise.all(pages.map((page) => page.comeToRest(restWithinMs)));
  await crowd.judgementSoFar(restWithinMs);
  await Promise.all(pages.map((page) => page.finish()));
  await crowd.finish();
  const { whole } = await crowd.judged();
  return { whole, badExits: stage.badExits, words: pages.flatMap(({ words }) => words) };
}
