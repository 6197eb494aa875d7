import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { build } from '../../scripts/build.mjs';

const run = promisify(execFile);
const repository = resolve(import.meta.dirname, '../..');
const tsc = join(repository, 'node_modules/typescript/bin/tsc');

/** What a page would do; the last line compiles only if it is an error, that is, if the types are there. */
const consumer = `
import { ClientError, connect, type Client, type Message } from '@baton-service/baton/client';
const client: Client = connect({ url: 'ws://127.0.0.1:1', token: 'none' });
export const ended: Promise<void> = client.close();
export const last = (messages: readonly Message[]): number | undefined => messages.at(-1)?.offset;
export const isOurs = (error: unknown): boolean => error instanceof ClientError;
// @ts-expect-error a client has no such method
export const typed = (): unknown => client.noSuchMethod();
`;

let place = '';

// A package of its own, so that neither an old build nor a missing one decides the outcome.
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'baton-sdk-'));
  await cp(join(repository, 'package.json'), join(place, 'package.json'));
  await symlink(join(repository, 'node_modules'), join(place, 'node_modules'), 'dir');
  const only = ['client', 'protocol', 'lib'].map((room) => `src/${room}`);
  const declarations = [tsc, '-p', join(repository, 'tsconfig.types.json'), '--outDir', join(place, 'dist/types')];
  await Promise.all([build({ out: join(place, 'dist'), only }), run(process.execPath, declarations)]);
});

afterAll(() => rm(place, { recursive: true, force: true }));

it('a page that imports @baton-service/baton/client type-checks', async () => {
  const compilerOptions = { module: 'nodenext', lib: ['es2024', 'dom'], types: [], strict: true, noEmit: true };
  await writeFile(join(place, 'page.ts'), consumer);
  await writeFile(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['page.ts'] }));
  // A failure is told with what the compiler printed.
  const compiled = await run(process.execPath, [tsc, '-p', place]).catch((error: unknown) => error);
  expect(compiled).toMatchObject({ stdout: '', stderr: '' });
});

it('and runs', async () => {
  const page = "import { connect, ClientError } from '@baton-service/baton/client';";
  await writeFile(join(place, 'page.mjs'), `${page} console.log(typeof connect, typeof ClientError);`);
  const { stdout } = await run(process.execPath, ['page.mjs'], { cwd: place });
  expect(stdout).toBe('function function\n');
});
