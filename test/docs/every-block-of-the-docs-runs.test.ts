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

/** On a busy machine a browser starts slowly, and the SDK is compiled for its types. */
const PREPARE_MS = 90_000;

const redis = withRedis();
const opened: { packages?: TemporaryDirectory; chromium: Chromium | null; sdk: string } = { chromium: null, sdk: '' };

beforeAll(async () => {
  const packages = await makeTemporaryDirectory('docs-sdk');
  opened.packages = packages;
  // Programs of blocks are those of the build.
  await build({});
  opened.sdk = await installSdk(packages.path);
  if (findChromium() !== undefined) opened.chromium = await Chromium.start();
}, PREPARE_MS);
afterAll(async () => {
  await opened.chromium?.close();
  await opened.packages?.remove();
});

const pages = allPages().map(({ path, text }) => ({ path, blocks: blocksOf(text) }));

describe.each(pages.filter(({ blocks }) => blocks.length > 0))('$path', ({ path, blocks }) => {
  let begun: Promise<PageStage> | undefined;
  const stage = () => (begun ??= PageStage.open({ url: redis.url, keyPrefix: redis.keyPrefix() }, opened.sdk));
  afterAll(async () => (await begun)?.close());

  it.each(blocks)('line $line ($language) is marked, and does what its mark says', async (block) => {
    await runBlock({ block, mark: markOf(block), page: path, stage, chromium: opened.chromium });
  });
});

it('what is written in TypeScript has the types that it says', async () => {
  const marked = pages.flatMap(({ path, blocks }) =>
    blocks.filter(({ language }) => language === 'ts').map((block) => ({ path, block, mark: markOf(block) })),
  );
  if (marked.length > 0) expect(await checkTypes(opened.sdk, marked)).toEqual([]);
});

it('there are blocks to run', () => {
  expect(pages.flatMap(({ blocks }) => blocks).length).toBeGreaterThan(50);
});
