import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { allowSettings, type Mark, parseMark, setting } from './block-mark.js';
import type { BlockRunner, MarkedBlock } from './block-runner.js';
import { errorRunner, receiversRunner, webhookRunner } from './document-runners.js';
import { answerRunner, frameRunner } from './json-runners.js';
import type { Block } from './markdown-blocks.js';
import { moduleRunner } from './module-runner.js';
import { devRunner, pageRunner } from './page-runner.js';
import { repository } from './pages.js';
import { configRunner, redisConfRunner, redisRunner } from './setting-runners.js';
import { shRunner } from './sh-runner.js';
import { shownChecks } from './shown-blocks.js';
import { sumsRunner } from './sums-runner.js';
import { talkRunner } from './talk-runner.js';

/** Keeps a block under a name, for the shell of its page. */
const fileRunner: BlockRunner = {
  languages: [],
  settings: ['name'],
  async run({ block, mark, stage }) {
    const { directory } = await stage();
    const file = join(directory, setting(mark, 'name'));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${block.code}\n`);
  },
};

const runners: ReadonlyMap<string, BlockRunner> = new Map([
  ['module', moduleRunner],
  ['sh', shRunner],
  ['page', pageRunner],
  ['dev', devRunner],
  ['file', fileRunner],
  ['frame', frameRunner],
  ['talk', talkRunner],
  ['answer', answerRunner],
  ['error', errorRunner],
  ['receivers', receiversRunner],
  ['webhook', webhookRunner],
  ['config', configRunner],
  ['redis', redisRunner],
  ['redis-conf', redisConfRunner],
  ['sums', sumsRunner],
]);

/** The mark of a block. Throws if it has none, or isn't written as blocks are. */
export function markOf(block: Block): Mark {
  if (!block.fenced) throw new Error('it is indented: fence it, with a language');
  if (block.language === '') throw new Error('its fence names no language');
  const mark = block.comment === null ? null : parseMark(block.comment);
  if (mark === null) throw new Error('no mark: say before it, in a comment, how it is run');
  return mark;
}

/** Runs a block as its mark says. Throws what is wrong with it. */
export async function runBlock(marked: MarkedBlock): Promise<void> {
  const { block, mark, page } = marked;
  if (mark.kind === 'shown') checkShown(block, mark);
  else if (mark.kind === 'tested') checkTested(mark.what, page);
  else await runMarked(marked);
}

async function runMarked(marked: MarkedBlock): Promise<void> {
  const { block, mark } = marked;
  const runner = runners.get(mark.what);
  if (runner === undefined) throw new Error(`there is no runner ${mark.what}`);
  if (runner.languages.length > 0 && !runner.languages.includes(block.language))
    throw new Error(`${mark.what} runs ${runner.languages.join(', ')}, not ${block.language}`);
  allowSettings(mark, runner.settings);
  await runner.run(marked);
}

function checkShown(block: Block, mark: Mark): void {
  allowSettings(mark, []);
  const check = shownChecks.get(block.language);
  if (check === undefined) throw new Error(`a block in ${block.language} is run, or tested elsewhere`);
  check(block.code);
}

function checkTested(test: string, page: string): void {
  const file = join(repository, test);
  if (!existsSync(file)) throw new Error(`there is no ${test}`);
  if (!readFileSync(file, 'utf8').includes(page)) throw new Error(`${test} doesn't name ${page}`);
}
