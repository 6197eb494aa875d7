import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseSync } from '@swc/core';
import { batonCommands, chartValues, npmScripts } from './known-names.js';
import { repository } from './pages.js';

const read = (path: string): string => readFileSync(join(repository, path), 'utf8');

/** What can be checked of a block that isn't run, by its language. Throws what is wrong. */
export const shownChecks: ReadonlyMap<string, (code: string) => void> = new Map<string, (code: string) => void>([
  ['text', () => undefined],
  ['mermaid', () => undefined],
  ['json', (code) => void JSON.parse(code)],
  ['js', parse],
  ['ts', parse],
  [
    'html',
    (code) => [...code.matchAll(/<script type="module">([\s\S]*?)<\/script>/g)].forEach(([, text = '']) => parse(text)),
  ],
  ['sh', checkCommands],
]);

function parse(code: string): void {
  parseSync(code, { syntax: 'typescript', target: 'es2024' });
}

interface Named {
  readonly pattern: RegExp;
  readonly problem: (name: string) => string | false;
}

const named: readonly Named[] = [
  {
    pattern: /\bnpm run (?:-s )?([\w:-]+)/g,
    problem: (name) => !npmScripts().has(name) && `there is no npm run ${name}`,
  },
  {
    pattern: /(?:^|[\s=])((?:test|docs|helm|k8s|examples|bench|scripts|src)\/[\w./-]*)/g,
    problem: (path) => !isThere(path) && `there is no ${path}`,
  },
  {
    pattern: /(?:^|[|(]|npx) *baton ([a-z][\w-]*)/gm,
    problem: (name) => !batonCommands().has(name) && `baton has no command ${name}`,
  },
  {
    pattern: /--set(?:-string|-file)? ([\w.]+)=/g,
    problem: (key) => !chartValues().has(key) && `the chart has no value ${key}`,
  },
  {
    pattern: /\b(?:deployment|deploy)\/([\w-]+)/g,
    problem: (name) =>
      !read('k8s/deployment.yaml').includes(`\n  name: ${name}\n`) && `the chart has no Deployment ${name}`,
  },
];

function checkCommands(code: string): void {
  const problems = named.flatMap(({ pattern, problem }) =>
    [...code.matchAll(pattern)].map(([, name = '']) => problem(name)).filter((text) => text !== false),
  );
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/** A path, or the beginning of a test's name, as jest takes it. */
function isThere(path: string): boolean {
  if (existsSync(join(repository, path)) || path.startsWith('test/unit/some-')) return true;
  const folder = join(repository, dirname(path));
  return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(basename(path)));
}
