import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Mark, setting, settings } from './block-mark.js';
import type { BlockRunner, MarkedBlock } from './block-runner.js';
import type { Block } from './markdown-blocks.js';
import type { PageStage } from './page-stage.js';
import { type BlockOutcome, startBlock } from './run-block.js';

const connect = "import { connect } from '@baton-service/client';";
const token = "const token = process.env['TOKEN'] ?? '';";

/** What a block may take for given: on a line each, so that lines of the block can be told. */
const given: Readonly<Record<string, readonly string[]>> = {
  connect: [connect],
  token: [token],
  apiKey: ["const apiKey = process.env['API_KEY'] ?? '';"],
  client: [connect, "const client = connect({ url: 'ws://localhost:8080', token: process.env['TOKEN'] ?? '' });"],
  backend: [
    "import { Backend } from '@baton-service/client/backend';",
    "const backend = new Backend({ url: 'http://localhost:8080', apiKey: process.env['API_KEY'] ?? '' });",
  ],
};

/** The module that a block becomes. `before` is how many lines stand before the block's first. */
export function moduleOf(block: Block, mark: Mark): { readonly text: string; readonly before: number } {
  const names = setting(mark, 'given')
    .split(/[\s,]+/)
    .filter(Boolean);
  const prelude = names.flatMap((name) => given[name] ?? unknown(name));
  const before = [...new Set(prelude), ...settings(mark, 'before')];
  return { text: [...before, block.code, ...settings(mark, 'after')].join('\n'), before: before.length };
}

function unknown(name: string): never {
  throw new Error(`nothing is given by the name ${name}; there are ${Object.keys(given).join(', ')}`);
}

/** A module in a process of its own. */
export const moduleRunner: BlockRunner = {
  languages: ['js', 'ts'],
  settings: ['given', 'before', 'after', 'prints', 'send', 'stderr', 'file'],

  async run({ block, mark, stage }: MarkedBlock) {
    const here = await stage();
    const prints = settings(mark, 'prints');
    const { text } = moduleOf(block, mark);
    const file = setting(mark, 'file', `block-${block.line}.${block.language === 'ts' ? 'ts' : 'mjs'}`);
    if (file === setting(mark, 'file')) await writeFile(join(here.directory, file), here.placed(`${block.code}\n`));
    const module = join(here.directory, `run-${block.line}.${block.language === 'ts' ? 'ts' : 'mjs'}`);
    const end = prints.length > 0 ? '' : '\nprocess.exit(0);';
    await writeFile(module, `${here.placed(text)}${end}\n`);
    const { directory, environment } = here;
    const args = ['--disable-warning=ExperimentalWarning', module];
    const program = process.execPath;
    const started = startBlock({ program, args, directory, environment, prints, endless: true, deadlineMs: 20_000 });
    here.keep(started);
    const outcome = await (setting(mark, 'send') === '' ? started.outcome : whileSending(here, mark, started.outcome));
    judgeModule(outcome, setting(mark, 'stderr') === 'ok');
  },
};

/** Again and again, because nobody says when the block listens. */
async function whileSending(stage: PageStage, mark: Mark, outcome: Promise<BlockOutcome>): Promise<BlockOutcome> {
  let ended = false;
  void outcome.finally(() => (ended = true));
  const isOver = () => ended;
  while (!isOver()) {
    for (const body of settings(mark, 'send')) {
      const { status, body: answer } = await stage.call('POST', '/v1/messages', { body });
      if (status !== 201) throw new Error(`the message to send was answered ${status} ${JSON.stringify(answer)}`);
    }
    await Promise.race([outcome, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  return outcome;
}

function judgeModule({ status, stdout, stderr, missing }: BlockOutcome, mayComplain: boolean): void {
  const output = `\n${stdout}${stderr}`;
  if (missing.length > 0) throw new Error(`it didn't print ${JSON.stringify(missing[0])}, but:${output}`);
  if (stderr !== '' && !mayComplain) throw new Error(`it complained:${output}`);
  if (status !== 0 && status !== null) throw new Error(`it ended with ${status}:${output}`);
  if (status === null && stdout === '') throw new Error('it was ended before it had printed anything');
}
