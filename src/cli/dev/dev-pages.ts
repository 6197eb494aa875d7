import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isTokenUser, type TenantId, type UserId } from '../../protocol/ids.js';
import { refusalOf } from './this-machine.js';

export interface DevPagesOptions {
  readonly tenant: TenantId;
  readonly user: UserId;
  readonly apiKey: string;
  readonly token: (user: string) => Promise<string>;
  /** null: the built-in page. */
  readonly pageFile: string | null;
  /** Sites that may open sockets beside those of this machine. */
  readonly allowedOrigins: readonly string[];
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}
type Handler = (request: IncomingMessage) => Promise<Answer>;
type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

const BUILT_IN = new URL('./page.html', import.meta.url);
const STYLE = new URL('./page.css', import.meta.url);
const ICON = new URL('./icon.svg', import.meta.url);
/** Made by the build, beside what is compiled: dist/page. Run from the sources, it is that of the last build. */
const CLIENTS = ['../../../page/baton.min.js', '../../../dist/page/baton.min.js'].map(
  (path) => new URL(path, import.meta.url),
);
/** A user's name is at most 128. */
const MOST_BODY_BYTES = 4_096;

/** The page, the SDK for it, and credentials for it, in front of the API, which is as much for this machine alone. */
export function devPages(options: DevPagesOptions): Middleware {
  const routes: Readonly<Record<string, Handler>> = {
    'GET /': () => fileAs('text/html; charset=utf-8', options.pageFile ?? BUILT_IN),
    'GET /dev/page.css': () => fileAs('text/css; charset=utf-8', STYLE),
    // Browsers ask for it whatever the page, and write what they don't get into its console.
    'GET /favicon.ico': () => fileAs('image/svg+xml', ICON),
    'GET /baton.js': async () => ({
      status: 200,
      type: 'text/javascript; charset=utf-8',
      body: await client(),
      // A page from elsewhere may import it: there is nothing secret in it.
      headers: { 'Access-Control-Allow-Origin': '*' },
    }),
    'POST /dev/credentials': (request) => credentials(request, options),
  };
  return (request, response, next) => {
    const refusal = refusalOf(request, options.allowedOrigins);
    if (refusal !== null) {
      void answer(() => Promise.resolve(plain(403, refusal)), request, response);
      return;
    }
    const [path = ''] = (request.url ?? '').split('?', 1);
    const handler = routes[`${request.method === 'HEAD' ? 'GET' : (request.method ?? '')} ${path}`];
    if (handler) void answer(handler, request, response);
    else next();
  };
}

async function answer(handler: Handler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, type, body, headers } = await handler(request).catch((error: unknown) =>
    plain(500, error instanceof Error ? error.message : String(error)),
  );
  response.writeHead(status, {
    ...{ 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) },
    ...{ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', ...headers },
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function client(): Promise<string> {
  for (const file of CLIENTS) {
    const found = await readFile(file, 'utf8').catch(() => null);
    if (found !== null) return found;
  }
  throw new Error('the SDK for pages is not there: `npm run build` makes it');
}

/** Only for pages of this very server: another's sends another Origin, and can't ask for JSON without being asked first. */
async function credentials(request: IncomingMessage, options: DevPagesOptions): Promise<Answer> {
  const { host = '', origin = `http://${host}`, 'content-type': type = '' } = request.headers;
  if (origin !== `http://${host}`) return plain(403, 'only for pages of this server');
  if (!type.startsWith('application/json')) return plain(415, 'the body must be JSON');
  const body = await bodyOf(request);
  if (body === null) return plain(413, `the body must be at most ${MOST_BODY_BYTES} bytes`);
  const user = userIn(body) ?? options.user;
  if (!isTokenUser(user)) return plain(400, '`user` must be letters, digits, . _ / -, at most 128');
  const { tenant, apiKey } = options;
  const given = JSON.stringify({ tenant, user, token: await options.token(user), apiKey });
  return { status: 200, type: 'application/json', body: given };
}

/** null: too large. What isn't read, the server throws away piece by piece once the answer is out. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    bytes += (piece as Buffer).length;
    if (bytes > MOST_BODY_BYTES) return null;
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function userIn(body: string): unknown {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && 'user' in parsed ? parsed.user : undefined;
  } catch {
    return null;
  }
}

const plain = (status: number, sentence: string): Answer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${sentence}\n`,
});

async function fileAs(type: string, file: string | URL): Promise<Answer> {
  return { status: 200, type, body: await readFile(file, 'utf8') };
}
