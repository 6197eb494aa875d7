// Compiles TypeScript file by file, as the tests do, and leaves type checking to tsc. Seeded-bug tests build a patched
// copy of the sources with it, so it takes the tree to read and the directory to write.
//
//   node scripts/build.mjs [--root <tree>] [--out <directory>] [--only src[,examples...]]
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { transformFile } from '@swc/core';
import { bundleClient } from './pack-client.mjs';
import { swcOptions } from './swc-options.mjs';

const repository = resolve(import.meta.dirname, '..');
const sources = ['src', 'test/support', 'examples', 'bench'];
const copied = ['.lua', '.json', '.mjs', '.html', '.css', '.svg'];
const madeBy = ['build.mjs', 'swc-options.mjs'].map((name) => join(import.meta.dirname, name));

/**
 * Brings the output up to date with the sources: compiles or copies what has changed, removes what has no source.
 * @param {{ root?: string, out?: string, only?: readonly string[] }} options `root`: the tree to read, by default this
 *   repository; `out`: the directory to write, by default dist/ in the tree; `only`: parts of the tree, by default all
 * @returns {Promise<{ files: number, written: number }>} how many files there are, and how many had changed
 */
export async function build({ root = repository, out = join(root, 'dist'), only = sources }) {
  const toolChangedMs = Math.max(...(await Promise.all(madeBy.map(async (file) => (await stat(file)).mtimeMs))));
  const jobs = (await Promise.all(only.map((part) => jobsOf(resolve(root), resolve(out), part)))).flat();
  const written = await Promise.all(jobs.map((job) => bringUpToDate(job, toolChangedMs)));
  await Promise.all(only.map((part) => removeStale(join(resolve(out), part), jobs)));
  if (!resolve(out).startsWith(repository + sep)) await makeRunnable(resolve(out));
  // Only of this tree: a patched one is built for its pods.
  if (resolve(root) === repository && only.includes('src')) await bundlePage(join(resolve(out), 'page/baton.min.js'));
  return { files: jobs.length, written: written.filter(Boolean).length };
}

/**
 * The SDK in one file, for the pages that the product itself serves.
 * @param {string} target
 */
async function bundlePage(target) {
  await mkdir(dirname(target), { recursive: true });
  const part = `${target}.${process.pid}.part`;
  await replace(target, part, await bundleClient());
}

/** @typedef {{ source: string, target: string, compile: boolean }} Job */

/**
 * @param {string} root
 * @param {string} out
 * @param {string} part
 * @returns {Promise<Job[]>}
 */
async function jobsOf(root, out, part) {
  /** @type {Job[]} */
  const jobs = [];
  for (const source of await filesBelow(join(root, part))) {
    const target = join(out, relative(root, source));
    if (copied.some((end) => source.endsWith(end))) jobs.push({ source, target, compile: false });
    else if (source.endsWith('.ts') && !source.endsWith('.d.ts')) {
      jobs.push({ source, target: target.replace(/\.ts$/, '.js'), compile: true });
    }
  }
  return jobs;
}

/**
 * @param {string} directory
 * @returns {Promise<string[]>}
 */
async function filesBelow(directory) {
  if (!existsSync(directory)) return [];
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.filter((file) => !file.slice(directory.length).includes(`${sep}node_modules${sep}`));
}

/**
 * An output carries the time of its source, so that an older copy laid over a newer file is noticed too.
 * @param {Job} job
 * @param {number} toolChangedMs
 */
async function bringUpToDate({ source, target, compile }, toolChangedMs) {
  const [from, to] = await Promise.all([stat(source), stat(target).catch(() => undefined)]);
  if (to !== undefined && Math.abs(to.mtimeMs - from.mtimeMs) < 2 && to.ctimeMs > toolChangedMs) return false;
  await mkdir(dirname(target), { recursive: true });
  // Several test runs may build at the same time: each writes beside the target and renames, so none reads half a file.
  const part = `${target}.${process.pid}.part`;
  if (compile) {
    const { code, map = '' } = await transformFile(source, { ...swcOptions, swcrc: false, sourceMaps: true });
    const ownMap = JSON.stringify({ ...JSON.parse(map), sources: [relative(dirname(target), source)] });
    await replace(`${target}.map`, `${part}.map`, ownMap);
    await writeFile(part, `${code}//# sourceMappingURL=${basename(target)}.map\n`);
  } else {
    await copyFile(source, part);
  }
  await utimes(part, from.atime, from.mtime);
  await rename(part, target);
  return true;
}

/**
 * @param {string} target
 * @param {string} part
 * @param {string} content
 */
async function replace(target, part, content) {
  await writeFile(part, content);
  await rename(part, target);
}

/**
 * @param {string} directory
 * @param {readonly Job[]} jobs
 */
async function removeStale(directory, jobs) {
  const wanted = new Set(jobs.flatMap(({ target }) => [target, `${target}.map`]));
  const stale = (await filesBelow(directory)).filter((file) => !wanted.has(file) && !file.endsWith('.part'));
  await Promise.all([...stale, ...stale.map((file) => `${file}.map`)].map((file) => rm(file, { force: true })));
}

/**
 * Outside the repository Node finds neither the packages nor that the files are ES modules.
 * @param {string} out
 */
async function makeRunnable(out) {
  await writeFile(join(out, 'package.json'), '{ "type": "module" }\n');
  const packages = join(out, 'node_modules');
  if (!existsSync(packages)) await symlink(join(repository, 'node_modules'), packages, 'dir');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { root: { type: 'string' }, out: { type: 'string' }, only: { type: 'string', multiple: true } },
  });
  const startedMs = performance.now();
  const { files, written } = await build({
    ...(values.root !== undefined && { root: values.root }),
    ...(values.out !== undefined && { out: values.out }),
    ...(values.only !== undefined && { only: values.only.flatMap((part) => part.split(',')) }),
  });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(`built ${written} of ${files} files in ${seconds} s\n`);
}
