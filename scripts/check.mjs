// `npm run test:all`: the static checks, then every test but the cluster's. Each step prints its time; the last line is
// `N passed, N failed`, whatever happened. Arguments go to jest.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '..');
const closingLine = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;
const projects = ['unit', 'contract', 'integration', 'docs', 'model', 'e2e', 'browser'];

/** @param {readonly string[]} directories */
const present = (directories) => directories.filter((directory) => existsSync(join(repository, directory)));

/** @typedef {{ name: string, program: string, args: readonly string[] }} Check */

/** @type {readonly Check[]} */
const checks = [
  { name: 'types', program: 'typescript/bin/tsc', args: ['-p', 'tsconfig.json'] },
  { name: 'types of the SDK', program: 'typescript/bin/tsc', args: ['-p', 'tsconfig.client.json'] },
  { name: 'types of a page', program: 'typescript/bin/tsc', args: ['-p', 'examples/chat/page/tsconfig.json'] },
  { name: 'lint', program: 'eslint/bin/eslint.js', args: ['.'] },
  {
    name: 'arrows between rooms',
    program: 'dependency-cruiser/bin/dependency-cruiser.mjs',
    args: ['--config', '.dependency-cruiser.cjs', ...present(['src', 'test', 'examples', 'bench'])],
  },
  { name: 'format', program: 'prettier/bin/prettier.cjs', args: ['--check', '--log-level=warn', '.'] },
];

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set();
let stopping = false;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => {
    stopping = true;
    for (const child of children) child.kill(signal);
    process.exitCode = signal === 'SIGINT' ? 130 : 143;
  });
}

/** @param {number} startedMs */
const secondsSince = (startedMs) => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;

/** @param {string} text */
const say = (text) => process.stdout.write(`${text}\n`);

/**
 * @param {readonly string[]} args
 * @param {import('node:child_process').StdioOptions} stdio
 * @param {(text: string) => void} onOutput
 * @returns {Promise<number>} the exit code
 */
function runNode(args, stdio, onOutput) {
  return new Promise((settle, reject) => {
    const colour = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
    const child = spawn(process.execPath, args, { cwd: repository, stdio, env: { ...process.env, ...colour } });
    children.add(child);
    child.stdout?.setEncoding('utf8').on('data', onOutput);
    child.stderr?.setEncoding('utf8').on('data', onOutput);
    child.on('error', reject);
    child.on('close', (code) => {
      children.delete(child);
      settle(code ?? 1);
    });
  });
}

/** @param {Check} check @returns {Promise<boolean>} */
async function passes({ name, program, args }) {
  const startedMs = performance.now();
  let output = '';
  const code = await runNode([join('node_modules', program), ...args], ['ignore', 'pipe', 'pipe'], (text) => {
    output += text;
  });
  if (code !== 0) say(output.trimEnd());
  say(`${code === 0 ? 'ok' : 'FAILED'}: ${name} (${secondsSince(startedMs)})`);
  return code === 0;
}

/** Every check runs, two at a time, so that one run shows all there is to mend. @returns {Promise<string[]>} those that failed */
async function runChecks() {
  const waiting = [...checks];
  /** @type {string[]} */
  const failed = [];
  const lane = async () => {
    for (let check = waiting.shift(); check !== undefined && !stopping; check = waiting.shift()) {
      if (!(await passes(check))) failed.push(check.name);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, lane));
  return failed;
}

/**
 * Runs jest and holds its closing line back, which must be the last line of all and true even if jest broke down.
 * @param {readonly string[]} args
 */
async function runTests(args) {
  const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
  let counts = '';
  let rest = '';
  /** @param {string} line */
  const take = (line) => {
    if (closingLine.test(line)) counts = line;
    else say(line);
  };
  const code = await runNode(
    [...jest, '--selectProjects', ...projects, ...args],
    ['ignore', 'pipe', 'inherit'],
    (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(take);
    },
  );
  if (rest !== '') take(rest);
  const [, passed = '0', failed = '0', skipped] = closingLine.exec(counts) ?? [];
  // Jest can fail without a failed test: a broken configuration, no test found, a set-up that threw.
  const failures = code === 0 ? Number(failed) : Math.max(1, Number(failed));
  return { passed, failures, skipped };
}

const startedMs = performance.now();
const failedChecks = await runChecks();
if (failedChecks.length > 0 || stopping) {
  say(`Not run: the tests, because these checks failed: ${failedChecks.join(', ')}`);
  say(`0 passed, ${Math.max(1, failedChecks.length)} failed`);
  process.exit(process.exitCode ?? 1);
}
const testsStartedMs = performance.now();
const { passed, failures, skipped } = await runTests(process.argv.slice(2));
say(
  `${failures === 0 ? 'ok' : 'FAILED'}: tests (${secondsSince(testsStartedMs)}); all together ${secondsSince(startedMs)}`,
);
say(`${passed} passed, ${failures} failed${skipped === undefined ? '' : `, ${skipped} skipped`}`);
process.exitCode ||= failures === 0 ? 0 : 1;
