// Renders helm/baton with k8s/values.yaml into k8s/, for those who use kustomize or plain kubectl. With --check it writes
// nothing and exits 1 if k8s/ isn't what the chart renders. Needs helm.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '..');
const directory = join(repository, 'k8s');
const header =
  '# Rendered from helm/baton by `npm run k8s:render`: change the chart or k8s/values.yaml, not this file.\n';

/** @returns {(readonly [file: string, text: string])[]} the chart's objects, each under its template's name */
function renderChart() {
  const args = ['template', 'baton', join(repository, 'helm/baton'), '--values', join(directory, 'values.yaml')];
  const { status, stdout, stderr, error } = spawnSync('helm', args, { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`helm could not be started: ${error.message}`);
  if (status !== 0) throw new Error(`helm template failed:\n${stderr}`);
  const documents = stdout.split(/^---\n/m).filter((document) => document.trim() !== '');
  return documents.map(fileOf).sort(([one], [other]) => (one < other ? -1 : 1));
}

/** @param {string} document @returns {readonly [file: string, text: string]} */
function fileOf(document) {
  const source = /^# Source: baton\/templates\/(.+)\n/.exec(document);
  if (source?.[1] === undefined) throw new Error(`helm rendered something that names no template:\n${document}`);
  // Nobody who applies these files has a Helm release: labels that speak of one would be false.
  const text = document
    .slice(source[0].length)
    .replace(/^ *(helm\.sh\/chart|app\.kubernetes\.io\/managed-by): .*\n/gm, '');
  return [source[1], `${header}${text.trimEnd()}\n`];
}

/** @param {readonly string[]} names */
function kustomization(names) {
  const resources = names.map((name) => `  - ${name}\n`).join('');
  return `${header}apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n${resources}`;
}

/** @returns {Map<string, string>} what has to be in k8s/ beside values.yaml */
function wantedFiles() {
  const objects = renderChart();
  const wanted = new Map([
    /** @type {const} */ (['kustomization.yaml', kustomization(objects.map(([name]) => name))]),
    ...objects,
  ]);
  if (wanted.size !== objects.length + 1) throw new Error('two objects from one template would share a file');
  return wanted;
}

function main() {
  const wanted = wantedFiles();
  const strange = readdirSync(directory).filter((name) => name !== 'values.yaml' && !wanted.has(name));
  /** @param {string} name */
  const current = (name) => (existsSync(join(directory, name)) ? readFileSync(join(directory, name), 'utf8') : '');
  const stale = [...wanted].filter(([name, text]) => current(name) !== text);
  if (process.argv.includes('--check')) {
    const found = [...stale.map(([name]) => name), ...strange];
    if (found.length === 0) return;
    throw new Error(`k8s/ isn't what the chart renders (${found.join(', ')}): run \`npm run k8s:render\``);
  }
  for (const [name, text] of stale) writeFileSync(join(directory, name), text);
  for (const name of strange) rmSync(join(directory, name));
  process.stdout.write(`k8s/: ${stale.length} written, ${strange.length} removed, ${wanted.size} in all\n`);
}

try {
  main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
