// Makes the package of the SDK, @baton-service/client, which has no dependencies, and the one file for a script tag.
//
//   node scripts/pack-client.mjs [--out <directory>]
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { minify } from '@swc/core';
import { build } from 'esbuild';
import { privateNames } from './private-names.mjs';

const run = promisify(execFile);
const repository = resolve(import.meta.dirname, '..');
const sources = join(repository, 'src/client');
const page = 'baton.min.js';
/** What the named browsers of README.md understand. */
const target = 'es2022';

/**
 * The SDK in one minified ES module, for a script tag: without the observer, which only tests and measurements use.
 * @param {{ observed?: boolean }} options `observed`: the same file with it
 * @returns {Promise<string>} its text
 */
export async function bundleClient({ observed = false } = {}) {
  const { outputFiles } = await build({
    ...common,
    entryPoints: [join(sources, 'index.ts')],
    minify: true,
    define: { BATON_OBSERVED: String(observed) },
    mangleProps: new RegExp(`^(?:${privateNames({ observed }).join('|')})$`),
    write: false,
  });
  const [bundle] = outputFiles;
  if (bundle === undefined) throw new Error('esbuild wrote nothing');
  // esbuild's own minifier leaves 3 % more.
  const compress = { passes: 3, pure_getters: true, sequences: false, collapse_vars: false };
  const { code } = await minify(bundle.text, { module: true, ecma: 2022, compress, mangle: true });
  return `${code}\n`;
}

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  target,
  legalComments: 'none',
  logLevel: 'warning',
  // Fields that a constructor sets needn't be declared again in the output.
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
};

/**
 * Makes the package and the page's file.
 * @param {{ outDir?: string }} options by default dist/packages
 * @returns {Promise<{ tarball: string, bundle: string, bundleGzipBytes: number }>} the paths of what was written, and
 *   what the page's file weighs on the wire
 */
export async function packClient({ outDir = join(repository, 'dist/packages') } = {}) {
  const place = await mkdtemp(join(tmpdir(), 'baton-pack-'));
  try {
    const content = join(place, 'package');
    const [text, manifest] = await Promise.all([bundleClient(), manifestOf(), modulesIn(content), typesIn(content)]);
    await writeFile(join(content, page), text);
    await writeFile(join(content, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    await cp(join(sources, 'README.md'), join(content, 'README.md'));
    await cp(join(repository, 'LICENSE'), join(content, 'LICENSE'));
    const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--offline'], { cwd: content });
    /** @type {readonly { filename: string }[]} */
    const [packed] = JSON.parse(stdout);
    if (packed === undefined) throw new Error(`npm pack made no package: ${stdout}`);
    await mkdir(outDir, { recursive: true });
    const tarball = await moved(join(content, packed.filename), join(outDir, packed.filename));
    const bundle = await moved(join(content, page), join(outDir, page));
    return { tarball, bundle, bundleGzipBytes: gzipSync(text, { level: 9 }).length };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** The version is the service's: they are released together. */
async function manifestOf() {
  const { version, license } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8'));
  /** @param {string} name @param {string} types */
  const entry = (name, types) => ({ types: `./types/client/${types}.d.ts`, default: `./${name}.js` });
  return {
    name: '@baton-service/client',
    version,
    description: 'Client of Baton: sessions over WebSocket that survive every rollout',
    license,
    type: 'module',
    sideEffects: false,
    // The backend's entry; the client itself needs the WebSocket that Node has since 22, or one that it is given.
    engines: { node: '>=20' },
    main: './index.js',
    types: './types/client/index.d.ts',
    exports: {
      '.': entry('index', 'index'),
      './backend': entry('backend', 'backend/index'),
      [`./${page}`]: `./${page}`,
      './package.json': './package.json',
    },
  };
}

/** Readable, for bundlers and debuggers; what both entries need is in one file, so that `instanceof` holds. @param {string} outdir */
async function modulesIn(outdir) {
  await build({
    ...common,
    entryPoints: { index: join(sources, 'index.ts'), backend: join(sources, 'backend/index.ts') },
    splitting: true,
    chunkNames: 'shared-[hash]',
    outdir,
  });
}

/** @param {string} content */
async function typesIn(content) {
  const tsc = join(repository, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', join(repository, 'tsconfig.types.json'), '--outDir', join(content, 'types')];
  await run(process.execPath, args);
}

/**
 * Complete or not there, also if two runs write the same; across file systems, too.
 * @param {string} from
 * @param {string} to
 */
async function moved(from, to) {
  const part = `${to}.${process.pid}.part`;
  await cp(from, part);
  await rename(part, to);
  return to;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  const { tarball, bundle, bundleGzipBytes } = await packClient(values.out === undefined ? {} : { outDir: values.out });
  process.stdout.write(`${tarball}\n${bundle}: ${bundleGzipBytes} bytes gzipped\n`);
}
