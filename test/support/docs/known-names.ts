import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allOptions } from '../../../src/config/load-config.js';
import { repository } from './pages.js';

/** The names that the product has, which its docs may use: each set from where it is defined. */
const read = (path: string): string => readFileSync(join(repository, path), 'utf8');

/** Settings of a pod, and what commands of `baton` read besides. */
export function environmentVariables(): ReadonlySet<string> {
  const ofCommands = sourcesBelow('src/cli').flatMap((path) => allOf(read(path), /\b(BATON_[A-Z_]*[A-Z])\b/g));
  return new Set([...allOptions().map(({ key }) => key), ...ofCommands]);
}

/** Scripts of package.json. */
export function npmScripts(): ReadonlySet<string> {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
  return new Set(Object.keys(scripts));
}

/** Commands of `baton`: what says its name and then its summary. */
export function batonCommands(): ReadonlySet<string> {
  const sources = sourcesBelow('src/cli').map(read);
  return new Set(sources.flatMap((text) => allOf(text, /\bname: '([\w-]+)',\s+summary:/g)));
}

/** Paths of values of the chart, such as `drain.graceSeconds`; sections, too. */
export function chartValues(): ReadonlySet<string> {
  const path: string[] = [];
  const known = new Set<string>();
  for (const line of read('helm/baton/values.yaml').split('\n')) {
    const [, indent, key] = /^( *)([\w-]+):/.exec(line) ?? [];
    if (indent === undefined || key === undefined) continue;
    path.splice(indent.length / 2, Infinity, key);
    known.add(path.join('.'));
  }
  return known;
}

/** With their prefix, and the series that a histogram has besides. */
export function metricNames(): ReadonlySet<string> {
  const metrics = read('src/observability/metrics.ts');
  const plain = allOf(metrics, /this\.(?:counter|gauge)(?:<[^>]*>)?\(\s*'(\w+)'/g);
  const histograms = allOf(metrics, /this\.histogram\(\s*'(\w+)'/g);
  const series = histograms.flatMap((name) => [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]);
  return new Set([...plain, ...series].map((name) => `baton_${name}`));
}

/** The messages of log lines: of a call with a choice, both. */
export function logEvents(): ReadonlySet<string> {
  const calls = /\b(?:debug|info|warn|error)\(\s*(?:\w+ \? '([a-z.-]+)' : )?'([a-z.-]+)'/g;
  const names = sourcesBelow('src').flatMap((path) => [...read(path).matchAll(calls)].flatMap(([, ...found]) => found));
  return new Set(names.filter((name) => typeof name === 'string'));
}

function sourcesBelow(folder: string): readonly string[] {
  return readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`);
}

const allOf = (text: string, pattern: RegExp): readonly string[] =>
  Array.from(text.matchAll(pattern), ([, name = '']) => name);
