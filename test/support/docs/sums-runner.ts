import { sumsOf } from './arithmetic.js';
import type { BlockRunner } from './block-runner.js';

/** Every sum of a block is right. */
export const sumsRunner: BlockRunner = {
  languages: ['text'],
  settings: [],

  run({ block }) {
    const sums = sumsOf(block.code);
    if (sums.length === 0) throw new Error('there is no sum in it');
    const wrong = sums.filter(({ right }) => !right);
    if (wrong.length > 0) throw new Error(wrong.map(({ text, computed }) => `${text}: it is ${computed}`).join('\n'));
  },
};
