import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { markOf, runBlock } from '../support/docs/block-runners.js';
import { installSdk } from '../support/docs/install-sdk.js';
import { blocksOf } from '../support/docs/markdown-blocks.js';
import { PageStage } from '../support/docs/page-stage.js';
import { allPages } from '../support/docs/pages.js';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
let packages: TemporaryDirectory | undefined;
let sdk: Promise<string> | undefined;

/** Once for all pages, and only if a page imports it. */
function theSdk(): Promise<string> {
  sdk ??= installSdk(packages?.path ?? '');
  return sdk;
}

beforeAll(async () => {
  packages = await makeTemporaryDirectory('docs-sdk');
});
afterAll(() => packages?.remove());

const pages = allPages().map(({ path, text }) => ({ path, blocks: blocksOf(text) }));

describe.each(pages.filter(({ blocks }) => blocks.length > 0))('$path', ({ path, blocks }) => {
  let opened: Promise<PageStage> | undefined;
  const stage = () =>
    (opened ??= theSdk().then((at) => PageStage.open({ url: redis.url, keyPrefix: redis.keyPrefix() }, at)));
  afterAll(async () => (await opened)?.close());

  it.each(blocks)('line $line ($language) is marked, and does what its mark says', async (block) => {
    await runBlock({ block, mark: markOf(block), page: path, stage });
  });
});

it('there are blocks to run', () => {
  expect(pages.flatMap(({ blocks }) => blocks).length).toBeGreaterThan(20);
});
