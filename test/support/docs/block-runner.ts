import type { Chromium } from '../browser/chromium.js';
import type { Mark } from './block-mark.js';
import type { Block } from './markdown-blocks.js';
import type { PageStage } from './page-stage.js';

/** What a runner is given: a block, what its mark says, and a stage, which is made when it is first asked for. */
export interface MarkedBlock {
  readonly block: Block;
  readonly mark: Mark;
  readonly page: string;
  readonly stage: () => Promise<PageStage>;
  /** null where there is none. */
  readonly chromium: Chromium | null;
}

export interface BlockRunner {
  /** Those that it runs; none: any. */
  readonly languages: readonly string[];
  readonly settings: readonly string[];
  /** Throws an error whose message says what is wrong with the block. */
  readonly run: (marked: MarkedBlock) => Promise<void> | void;
}
