import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { packClient } from '../../scripts/pack-client.mjs';
import type { RunningPod } from '../../src/start-pod.js';
import { install, startPodHere, type Installation } from '../support/in-process-pod.js';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';
import { withRedis } from '../support/with-redis.js';

/** On the wire, as a server compresses it that compresses well. */
const MOST_GZIPPED_BYTES = 13_420;

const run = promisify(execFile);
const repository = resolve(import.meta.dirname, '../..');
const redis = withRedis();
let here: Installation;
let pod: RunningPod;
/** An empty directory in which only the package was installed. */
let user: TemporaryDirectory;
let packed: Awaited<ReturnType<typeof packClient>>;

/** A user's whole program: what it prints is what came back through a pod. */
const program = (from: string) => `
import { connect, type Message } from '${from}';
const [url = '', token = ''] = process.argv.slice(2);
const client = connect({ url, token: () => Promise.resolve(token) });
const { promise, resolve } = Promise.withResolvers<Message>();
await client.subscribe('channel:package', resolve).ready;
const { seq } = await client.publish('channel:package', { text: 'hello' });
const { stream, offset, data } = await promise;
console.log(JSON.stringify({ seq, stream, offset, data }));
await client.close();
`;
const typed = `
import { connect, type Client, type Message } from '@baton-service/client';
import { verifyWebhook, type VerifiedWebhook } from '@baton-service/client/backend';
export const client: Client = connect({ url: 'ws://127.0.0.1:1', token: 'none' });
export const last = (messages: readonly Message[]): number | undefined => messages.at(-1)?.offset;
export const verified = (headers: Headers): Promise<VerifiedWebhook> => verifyWebhook(headers, '{}', 'whsec_MDA=');
// @ts-expect-error a client has no such method
export const wrong = (): unknown => client.noSuchMethod();
`;

/** Run twice: as a page that dies with a publish under way, and as the page after it, with the same storage. */
const reloaded = `
import { existsSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { connect } from '@baton-service/client';
const [url, token] = process.argv.slice(2);
const file = 'storage.json';
const first = !existsSync(file);
const storage = {
  getItem: () => (existsSync(file) ? readFileSync(file, 'utf8') : null),
  setItem: (_key, text) => writeFileSync(file, text),
  removeItem: () => rmSync(file, { force: true }),
};
const client = connect({ url, token, storage });
const seen = [];
const { promise, resolve } = Promise.withResolvers();
const taken = ({ data }) => seen.push(data) && data !== 'two' && resolve();
await client.subscribe('channel:reload', taken, { from: 'last' }).ready;
await client.publish('channel:reload', first ? 'one' : 'three');
await promise;
writeSync(1, JSON.stringify({ session: client.session.id, seen, attempt: client.state.attempt }));
if (first) {
  void client.publish('channel:reload', 'two');
  setImmediate(() => process.kill(process.pid, 'SIGKILL'));
} else await client.close();
`;

async function output(file: string): Promise<unknown> {
  const token = await here.token('acme', 'ada');
  const args = [file, `ws://127.0.0.1:${pod.port}`, token];
  const stdout = await run(process.execPath, args, { cwd: user.path }).then(
    (ended) => ended.stdout,
    (error: unknown) => {
      const killed = error as { readonly signal?: string; readonly stdout: string };
      if (killed.signal !== 'SIGKILL') throw error;
      return killed.stdout;
    },
  );
  return JSON.parse(stdout);
}

beforeAll(async () => {
  user = await makeTemporaryDirectory('user');
  const start = async () => {
    here = await install({ url: redis.url, keyPrefix: redis.keyPrefix() }, []);
    pod = await startPodHere(here.environment, 'pod-a');
  };
  [packed] = await Promise.all([packClient({ outDir: user.path }), start()]);
  // A package without dependencies needs no registry.
  const npm = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', packed.tarball];
  await run('npm', npm, { cwd: user.path });
});
afterAll(async () => {
  await pod.close();
  await here.remove();
  await user.remove();
});

describe('the package of the SDK, installed in an empty directory', () => {
  it('brings no other package', async () => {
    const installed = (await readdir(join(user.path, 'node_modules'))).filter((name) => !name.startsWith('.'));
    expect(installed).toEqual(['@baton-service']);
    expect(await readdir(join(user.path, 'node_modules/@baton-service'))).toEqual(['client']);
  });

  it.each([
    ['as Node resolves', 'nodenext'],
    ['as bundlers resolve', 'bundler'],
  ])('has types, %s', async (_how, moduleResolution) => {
    const module = moduleResolution === 'bundler' ? 'esnext' : moduleResolution;
    const compilerOptions = { module, moduleResolution, lib: ['es2022', 'dom'], types: [], strict: true, noEmit: true };
    await writeFile(join(user.path, `${moduleResolution}.ts`), typed);
    const config = join(user.path, `tsconfig.${moduleResolution}.json`);
    await writeFile(config, JSON.stringify({ compilerOptions, files: [`${moduleResolution}.ts`] }));
    const tsc = join(repository, 'node_modules/typescript/bin/tsc');
    // A failure is told with what the compiler printed.
    const compiled = await run(process.execPath, [tsc, '-p', config]).catch((error: unknown) => error);
    expect(compiled).toMatchObject({ stdout: '', stderr: '' });
  });

  it('talks to a pod under Node, bundled for a page, and as the one file for a script tag', async () => {
    const bundled = { bundle: true, format: 'esm', platform: 'browser', logLevel: 'silent' } as const;
    for (const [name, from] of [
      ['program', '@baton-service/client'],
      ['page', '@baton-service/client'],
      ['script-tag', './baton.min.js'],
    ] as const) {
      await writeFile(join(user.path, `${name}.mts`), program(from));
      const options = name === 'page' ? bundled : { bundle: false };
      await build({
        ...options,
        entryPoints: [join(user.path, `${name}.mts`)],
        outfile: join(user.path, `${name}.mjs`),
      });
    }
    const expected = (offset: number) => ({ seq: 1, stream: 'channel:package', offset, data: { text: 'hello' } });
    expect(await output('program.mjs')).toEqual(expected(1));
    expect(await output('page.mjs')).toEqual(expected(2));
    expect(await output('script-tag.mjs')).toEqual(expected(3));
    expect(await readFile(join(user.path, 'page.mjs'), 'utf8')).not.toMatch(/^import\b/m);
  });
});

it('a page that dies is followed by one with its session, which misses, repeats and loses nothing', async () => {
  await writeFile(join(user.path, 'reloaded.mjs'), reloaded);
  const { session, ...first } = (await output('reloaded.mjs')) as { session: string };
  expect(first).toEqual({ seen: ['one'], attempt: 1 });
  expect(await output('reloaded.mjs')).toEqual({ session, seen: ['two', 'three'], attempt: 2 });
});

describe('the file for a script tag', () => {
  it(`is at most ${MOST_GZIPPED_BYTES} bytes, compressed`, async () => {
    const bytes = gzipSync(await readFile(packed.bundle), { level: 9 }).length;
    process.stdout.write(`baton.min.js: ${bytes} bytes gzipped of at most ${MOST_GZIPPED_BYTES}\n`);
    expect(bytes).toBe(packed.bundleGzipBytes);
    expect(bytes).toBeLessThanOrEqual(MOST_GZIPPED_BYTES);
  });
});
