import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { RunningPod } from '../../../src/start-pod.js';
import {
  call,
  type Caller,
  type HttpAnswer,
  install,
  type Installation,
  joinAs,
  startPodHere,
} from '../in-process-pod.js';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../temporary-directory.js';
import { repository } from './pages.js';
import type { StartedBlock } from './run-block.js';

const TENANT = 'development';
const USER = 'ada';
const backend: Caller = {
  id: 'development',
  tenant: TENANT,
  grants: [{ stream: '*', can: ['subscribe', 'publish', 'presence'] }],
};

/** What a reader of one page has: a pod, credentials for it, and a directory in which the SDK is installed. */
export class PageStage {
  private readonly started: StartedBlock[] = [];
  private known: string | undefined;

  private constructor(
    readonly directory: string,
    readonly environment: Readonly<Record<string, string>>,
    private readonly pod: RunningPod,
    private readonly installation: Installation,
    private readonly place: TemporaryDirectory,
  ) {}

  /** @param sdk the directory of packages that blocks import */
  static async open(redis: { readonly url: string; readonly keyPrefix: string }, sdk: string): Promise<PageStage> {
    const place = await makeTemporaryDirectory('docs');
    const installation = await install(redis, [backend]);
    const pod = await startPodHere(installation.environment, 'docs');
    await furnish(place.path, sdk);
    const { NODE_ENV: _unused, ...settings } = installation.environment;
    const environment = {
      ...settings,
      PATH: [join(place.path, 'bin'), process.env['PATH'] ?? ''].join(delimiter),
      HOME: place.path,
      TOKEN: await installation.token(TENANT, USER),
      API_KEY: installation.bearer(backend.id).replace('Bearer ', ''),
    };
    return new PageStage(place.path, environment, pod, installation, place);
  }

  /** The text with the addresses of the docs replaced by those of this pod. */
  placed(text: string): string {
    const { port, healthPort } = this.pod;
    return text
      .replaceAll(/\b(?:localhost|127\.0\.0\.1):8080\b/g, `127.0.0.1:${port}`)
      .replaceAll(/\b(?:localhost|127\.0\.0\.1):8081\b/g, `127.0.0.1:${healthPort}`)
      .replaceAll(/\b(ws|http)s?:\/\/baton\.example\.com\b/g, `$1://127.0.0.1:${port}`);
  }

  /** `path` and `body` may name `$SESSION`. */
  async call(method: string, path: string, { body = '', withKey = true } = {}): Promise<HttpAnswer> {
    const bearer = withKey ? { bearer: this.installation.bearer(backend.id) } : {};
    const text = await this.withSession(body);
    return call(this.pod.port, method, await this.withSession(path), { ...bearer, ...(text !== '' && { body: text }) });
  }

  /** `$SESSION` stands for a connected session of the user, which is made when it is first asked for. */
  async withSession(text: string): Promise<string> {
    if (!text.includes('$SESSION')) return text;
    this.known ??= (await joinAs(this.pod.port, this.environment['TOKEN'] ?? '', ['user'])).session;
    return text.replaceAll('$SESSION', this.known);
  }

  /** What a block has left behind ends with the page. */
  keep(block: StartedBlock): void {
    this.started.push(block);
  }

  async close(): Promise<void> {
    for (const block of this.started) block.end();
    await this.pod.close();
    await this.installation.remove();
    await this.place.remove();
  }
}

async function furnish(directory: string, sdk: string): Promise<void> {
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }\n');
  await symlink(sdk, join(directory, 'node_modules'), 'dir');
  await symlink(join(repository, 'dist'), join(directory, 'dist'), 'dir');
  await mkdir(join(directory, 'bin'));
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(directory, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
}

const baton = `"${process.execPath}" "${join(repository, 'dist/src/cli.js')}"`;

/** The reader's programs: Node and `baton` are those of this build; npm has installed and built everything already. */
const programs: Readonly<Record<string, string>> = {
  node: `exec "${process.execPath}" "$@"`,
  baton: `exec ${baton} "$@"`,
  npx: 'exec "$@"',
  npm: `case "$*" in
  ci | "run build" | "install @baton-service/client" | "run pack:client") ;;
  *) echo "npm $*: the test of the docs has no such command" >&2; exit 1 ;;
esac`,
};
