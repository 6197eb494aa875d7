import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../kubernetes/program.js';
import type { Mark } from './block-mark.js';
import type { Block } from './markdown-blocks.js';
import { moduleOf } from './module-runner.js';
import { repository } from './pages.js';

export interface TypedBlock {
  readonly path: string;
  readonly block: Block;
  readonly mark: Mark;
}

const tsc = join(repository, 'node_modules/typescript/bin/tsc');

/** What the compiler says about blocks, each with its page and line. `sdk`: the directory of packages. */
export async function checkTypes(sdk: string, typed: readonly TypedBlock[]): Promise<readonly string[]> {
  const place = dirname(sdk);
  const files = await Promise.all(
    typed.map(async ({ path, block, mark }) => {
      const { text, before } = moduleOf(block, mark);
      const file = `${path.replaceAll(/\W/g, '-')}-${block.line}.ts`;
      await writeFile(join(place, file), `${text}\nexport {};\n`);
      return { file, path, offset: block.line - before };
    }),
  );
  const compilerOptions = {
    ...{
      module: 'nodenext',
      target: 'es2024',
      lib: ['es2024', 'dom', 'dom.asynciterable'],
      strict: true,
      noEmit: true,
    },
    ...{ types: ['node'], typeRoots: [join(repository, 'node_modules/@types')], allowImportingTsExtensions: true },
  };
  await writeFile(join(place, 'package.json'), '{ "type": "module" }\n');
  const config = JSON.stringify({ compilerOptions, files: files.map(({ file }) => file) });
  await writeFile(join(place, 'tsconfig.json'), config);
  const { status, stdout, stderr } = await run(process.execPath, [tsc, '-p', place, '--pretty', 'false']);
  if (status === 0) return [];
  return `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => placed(line, files));
}

/** `file(line,column): …` by the page and its line. */
function placed(
  line: string,
  files: readonly { readonly file: string; readonly path: string; readonly offset: number }[],
): string {
  const [, name, number, rest = ''] = /^(?:.*\/)?([\w-]+\.ts)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
  const found = files.find(({ file }) => file === name);
  return found === undefined ? line : `${found.path}:${found.offset + Number(number)}: ${rest}`;
}
