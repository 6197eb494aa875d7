import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { startDev, type RunningDev } from '../../src/cli/dev/start-dev.js';
import { CONNECT_PATH, SUBPROTOCOL } from '../../src/protocol/frames.js';
import { startBaton } from '../support/cli/baton.js';
import { eventually } from '../support/eventually.js';
import { withTemporaryFiles } from '../support/temporary-files.js';

const files = withTemporaryFiles();
const FRIEND = 'https://app.example.com';
let dev: RunningDev;
let listed: RunningDev;

beforeAll(async () => {
  const pageFile = await files.write('page.html', 'of the developer');
  dev = await startDev({ port: 0, pageFile, env: { BATON_LOG_LEVEL: 'silent' } });
  listed = await startDev({ port: 0, env: { BATON_LOG_LEVEL: 'silent', BATON_ALLOWED_ORIGINS: FRIEND } });
});
afterAll(() => Promise.all([dev.close(), listed.close()]));

const portOf = ({ url }: RunningDev): number => Number(new URL(url).port);

interface Asked {
  readonly method?: string;
  readonly headers?: IncomingHttpHeaders;
  readonly body?: string;
}
/** Over node:http, which lets a request say any host, and sends a body without its length in pieces. */
async function ask(path: string, { method = 'GET', headers = {}, body = '' }: Asked = {}) {
  const asking = request({ host: '127.0.0.1', port: portOf(dev), path, method, headers, agent: false });
  asking.end(body);
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await text(response) };
}

/** `open`, or the status that the handshake was refused with. */
function knock(of: RunningDev, headers: Readonly<Record<string, string>>): Promise<'open' | number | undefined> {
  const socket = new WebSocket(`ws://127.0.0.1:${portOf(of)}${CONNECT_PATH}`, SUBPROTOCOL, { headers });
  return new Promise((resolve, reject) => {
    socket.on('open', () => {
      socket.close();
      resolve('open');
    });
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode);
    });
    socket.on('error', reject);
  });
}

describe('a name that was made to lead here', () => {
  it.each(['/', '/dev/page.css', '/baton.js', '/favicon.ico', '/v1/sessions', '/nowhere', CONNECT_PATH])(
    'gets nothing from %s',
    async (path) => {
      for (const host of [`evil.example:${portOf(dev)}`, 'localhost.evil.example', '127.0.0.1.evil.example'])
        expect(await ask(path, { headers: { host } })).toEqual({ status: 403, body: 'only for this machine\n' });
    },
  );

  it.each(['localhost', '127.0.0.1', '[::1]'])('is not %s', async (host) => {
    const answer = { status: 200, body: 'of the developer' };
    expect(await ask('/', { headers: { host: `${host}:${portOf(dev)}` } })).toEqual(answer);
    expect(await ask('/', { headers: { host } })).toEqual(answer);
  });
});

describe('a socket', () => {
  const origins = (of: RunningDev, names: readonly string[]) =>
    Promise.all(names.map((origin) => knock(of, { origin })));

  it('is opened to programs and to pages of this machine, whatever their port', async () => {
    expect(await knock(dev, {})).toBe('open');
    const own = [dev.url, 'http://localhost:5173', 'https://localhost', 'http://127.0.0.1:3000', 'http://[::1]:80'];
    expect(await origins(dev, own)).toEqual(own.map(() => 'open'));
  });

  it('is refused to pages from elsewhere, and under a name that was made to lead here', async () => {
    const others = [
      'http://evil.example',
      'http://localhost.evil.example',
      FRIEND,
      'null',
      'http://localhost@evil.example',
    ];
    expect(await origins(dev, others)).toEqual(others.map(() => 403));
    expect(await knock(dev, { host: `evil.example:${portOf(dev)}` })).toBe(403);
  });

  it('is opened to the pages of BATON_ALLOWED_ORIGINS', async () => {
    expect(await origins(listed, [FRIEND, 'http://evil.example'])).toEqual(['open', 403]);
  });
});

describe('a request for credentials', () => {
  const credentials = (body: string, headers: IncomingHttpHeaders) =>
    ask('/dev/credentials', { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

  it.each<[string, (body: string) => IncomingHttpHeaders]>([
    ['with its length', (body) => ({ 'content-length': String(Buffer.byteLength(body)) })],
    ['in pieces', () => ({ 'transfer-encoding': 'chunked' })],
  ])('has a bound: %s', async (_what, headersOf) => {
    const small = JSON.stringify({ user: 'zoe', more: 'x'.repeat(1_000) });
    expect(await credentials(small, headersOf(small))).toMatchObject({ status: 200 });
    const large = JSON.stringify({ user: 'zoe', more: 'x'.repeat(5_000) });
    expect(await credentials(large, headersOf(large))).toMatchObject({ status: 413 });
  });
});

it('baton dev --json prints its one line, and whatever is logged is on stderr', async () => {
  const running = startBaton(['dev', '--port', '0', '--json'], { env: { BATON_LOG_LEVEL: 'info' } });
  await eventually('its line', () => running.out.length > 0);
  const { code, out, err } = await running.interrupt();
  expect(code).toBe(0);
  expect(out).toHaveLength(1);
  expect(err).toContain('"event":"server.listening"');
  for (const line of err.split('\n')) expect(JSON.parse(line)).toMatchObject({ level: expect.any(String) });
});
