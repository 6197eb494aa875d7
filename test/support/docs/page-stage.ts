import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { startDev, type RunningDev } from '../../../src/cli/dev/start-dev.js';
import { call, type Caller, type HttpAnswer, install, joinAs, startPodHere } from '../in-process-pod.js';
import { makeTemporaryDirectory } from '../temporary-directory.js';
import { repository } from './pages.js';
import type { StartedBlock } from './run-block.js';

const TENANT = 'development';
const USER = 'ada';
const backend: Caller = {
  id: 'development',
  tenant: TENANT,
  grants: [{ stream: '*', can: ['subscribe', 'publish', 'presence'] }],
};

/** Where blocks find Baton: a pod with Redis, and once the page has started it, `baton dev`. */
interface Place {
  readonly port: number;
  readonly healthPort: number;
  readonly apiKey: string;
  readonly token: string;
}

/** What a reader of one page has: a pod, credentials for it, and a directory in which the SDK is installed. */
export class PageStage {
  private readonly started: StartedBlock[] = [];
  private known: string | undefined;
  private dev: RunningDev | undefined;

  private constructor(
    readonly directory: string,
    private readonly settings: Readonly<Record<string, string>>,
    private place: Place,
    private readonly ends: readonly (() => Promise<void>)[],
  ) {}

  /** @param sdk the directory of packages that blocks import */
  static async open(redis: { readonly url: string; readonly keyPrefix: string }, sdk: string): Promise<PageStage> {
    const directory = await makeTemporaryDirectory('docs');
    const installation = await install(redis, [backend]);
    const pod = await startPodHere(installation.environment, 'docs');
    await furnish(directory.path, sdk);
    const { NODE_ENV: _unused, ...settings } = installation.environment;
    const place = {
      port: pod.port,
      healthPort: pod.healthPort,
      apiKey: installation.bearer(backend.id).replace('Bearer ', ''),
      token: await installation.token(TENANT, USER),
    };
    return new PageStage(directory.path, settings, place, [
      () => pod.close(),
      () => installation.remove(),
      () => directory.remove(),
    ]);
  }

  /** What programs of blocks see: settings of a pod, and the credentials under the names that the page may use. */
  get environment(): Readonly<Record<string, string>> {
    const { apiKey, token, port } = this.place;
    return {
      ...this.settings,
      PATH: [join(this.directory, 'bin'), process.env['PATH'] ?? ''].join(delimiter),
      HOME: this.directory,
      TOKEN: token,
      BATON_TOKEN: token,
      API_KEY: apiKey,
      BATON_API_KEY: apiKey,
      BATON_URL: `http://127.0.0.1:${port}`,
    };
  }

  /** `baton dev`, which takes the place of the pod with Redis from now on. */
  async startDev(pageFile: string): Promise<void> {
    const dev = await startDev({ port: 0, pageFile: join(this.directory, pageFile) });
    this.dev = dev;
    const token = await dev.token();
    const portOf = (url: string) => Number(new URL(url).port);
    this.place = { port: portOf(dev.url), healthPort: portOf(dev.healthUrl), apiKey: dev.apiKey, token };
    this.known = undefined;
  }

  /** Where a browser finds the page, with a token; of the `baton dev` that was started with it, or of one that is now. */
  async pageUrl(file: string): Promise<string> {
    if (this.dev === undefined) await this.startDev(file);
    return `${this.dev?.url ?? ''}/#${this.place.token}`;
  }

  /** The text with the addresses of the docs replaced by those of this stage. */
  placed(text: string): string {
    const { port, healthPort } = this.place;
    return text
      .replaceAll(/\b(?:localhost|127\.0\.0\.1):8080\b/g, `127.0.0.1:${port}`)
      .replaceAll(/\b(?:localhost|127\.0\.0\.1):8081\b/g, `127.0.0.1:${healthPort}`)
      .replaceAll(/\b(ws|http)s?:\/\/baton\.example\.com\b/g, `$1://127.0.0.1:${port}`);
  }

  /** `path` and `body` may name `$SESSION`. */
  async call(method: string, path: string, { body = '', withKey = true } = {}): Promise<HttpAnswer> {
    const { port, apiKey } = this.place;
    const bearer = withKey ? { bearer: `Bearer ${apiKey}` } : {};
    const text = await this.withSession(body);
    return call(port, method, await this.withSession(path), { ...bearer, ...(text !== '' && { body: text }) });
  }

  /** `$SESSION` stands for a connected session of the user, which is made when it is first asked for. */
  async withSession(text: string): Promise<string> {
    if (!text.includes('$SESSION')) return text;
    this.known ??= (await joinAs(this.place.port, this.place.token, ['user'])).session;
    return text.replaceAll('$SESSION', this.known);
  }

  /** What a block has left behind ends with the page. */
  keep(block: StartedBlock): void {
    this.started.push(block);
  }

  async close(): Promise<void> {
    for (const block of this.started) block.end();
    await this.dev?.close();
    for (const end of this.ends) await end();
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
  ci | "run build" | "run pack:client") ;;
  "install @baton-service/client" | "install "*/dist/packages/baton-service-client-*.tgz) ;;
  *) echo "npm $*: the test of the docs has no such command" >&2; exit 1 ;;
esac`,
};
