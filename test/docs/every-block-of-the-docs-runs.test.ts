import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from '../../scripts/build.mjs';
import { findChromium } from '../support/browser/chromium-binary.mjs';
import { Chromium } from '../support/browser/chromium.js';
import { markOf, runBlock } from '../support/docs/block-runners.js';
import { checkTypes } from '../support/docs/check-types.js';
import { installSdk } from '../support/docs/install-sdk.js';
import { blocksOf } from '../support/docs/markdown-blocks.js';
import { PageStage } from '../support/docs/page-stage.js';
import { allPages } from '../support/docs/pages.js';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
let packages: TemporaryDirectory | undefined;
let sdk: Promise<string> | undefined;
let browser: Promise<Chromium> | undefined;

/** Once for all pages, and only if a page needs it. */
const theSdk = () => (sdk ??= installSdk(packages?.path ?? ''));
const chromium = async () => (findChromium() === undefined ? null : (browser ??= Chromium.start()));

// Programs of blocks are those of the build.
beforeAll(async () => {
  packages = await makeTemporaryDirectory('docs-sdk');
  await build({});
});
afterAll(async () => {
  await (await browser)?.close();
  await packages?.remove();
});

const pages = allPages().map(({ path, text }) => ({ path, blocks: blocksOf(text) }));

describe.each(pages.filter(({ blocks }) => blocks.length > 0))('$path', ({ path, blocks }) => {
  let opened: Promise<PageStage> | undefined;
  const stage = () =>
    (opened ??= theSdk().then((at) => PageStage.open({ url: redis.url, keyPrefix: redis.keyPrefix() }, at)));
  afterAll(async () => (await opened)?.close());

  it.each(blocks)('line $line ($language) is marked, and does what its mark says', async (block) => {
    await runBlock({ block, mark: markOf(block), page: path, stage, chromium });
  });
});

it('what is written in TypeScript has the types that it says', async () => {
  const marked = pages.flatMap(({ path, blocks }) =>
    blocks.filter(({ language }) => language === 'ts').map((block) => ({ path, block, mark: markOf(block) })),
  );
  if (marked.length > 0) expect(await checkTypes(await theSdk(), marked)).toEqual([]);
});

it('there are blocks to run', () => {
  expect(pages.flatMap(({ blocks }) => blocks).length).toBeGreaterThan(50);
});
