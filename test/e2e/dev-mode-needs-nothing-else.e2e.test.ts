import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { CliProcess } from '../support/cli/cli-process.js';
import { eventually } from '../support/eventually.js';
import { RawClient } from '../support/raw-client.js';
import { withTemporaryFiles } from '../support/temporary-files.js';

interface Printed {
  readonly url: string;
  readonly page: string;
  readonly tenant: string;
  readonly user: string;
  readonly token: string;
  readonly apiKey: string;
}

/** Says at the end how many files of the client of Redis a process has loaded. */
const countsIoredis = `data:text/javascript,${encodeURIComponent(`
  import { createRequire } from 'node:module';
  const { cache } = createRequire('/');
  process.on('exit', () => process.stderr.write('ioredis: ' + Object.keys(cache).filter((file) => file.includes('/ioredis/')).length));
`)}`;

const files = withTemporaryFiles();
const running: CliProcess[] = [];
afterEach(async () => {
  for (const process of running.splice(0)) await process.interrupt();
});

async function dev(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const process = CliProcess.start(['dev', '--port', '0', '--json', ...args], {
    nodeArgs: ['--import', countsIoredis],
    env,
  });
  running.push(process);
  const [line = ''] = await process.lines(1);
  return { process, printed: JSON.parse(line) as Printed };
}

const post = (url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { connection: 'close', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

it('serves page, SDK, API and clients from one port, without Redis, and leaves nothing when it ends', async () => {
  const temporary = join(files.directory, 'tmp');
  await mkdir(temporary);
  const { process, printed } = await dev([], { TMPDIR: temporary });
  const { url, apiKey, token } = printed;
  expect(printed).toMatchObject({ tenant: 'development', user: 'ada', page: `${url}/#${token}` });
  expect(await readdir(temporary)).toEqual([]);

  const page = await fetch(url);
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(await page.text()).toContain("from '/baton.js'");
  const sdk = await fetch(`${url}/baton.js`);
  expect(sdk.headers.get('access-control-allow-origin')).toBe('*');
  const text = await sdk.text();
  const { connect } = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as {
    readonly connect: unknown;
  };
  expect(typeof connect).toBe('function');
  expect((await fetch(`${url}/favicon.ico`)).headers.get('content-type')).toBe('image/svg+xml');
  expect((await fetch(`${url}/dev/page.css`)).headers.get('content-type')).toContain('text/css');

  const client = await RawClient.open(`${url.replace('http', 'ws')}/v1/connect`);
  client.send({ type: 'hello', attempt: 1, token, streams: { user: null }, can: [], hops: 0 });
  await client.next('subscribed');
  const message = { to: { user: 'ada' }, data: { text: 'hello' } };
  const sent = await post(`${url}/v1/messages`, message, { authorization: `Bearer ${apiKey}` });
  expect(sent.status).toBe(201);
  expect(await client.next('message')).toMatchObject({ offset: 1, data: { text: 'hello' } });

  expect(await process.interrupt()).toBe(0);
  await eventually('the connection to end', () => client.closed);
  expect(process.err).toBe('ioredis: 0');
  expect(await readdir(temporary)).toEqual([]);
});

it('hands credentials to its own pages only, for the user that they name', async () => {
  const { printed } = await dev(['--tenant', 'acme', '--user', 'bob']);
  const { url, apiKey } = printed;
  const ask = (body: unknown, headers = {}) => post(`${url}/dev/credentials`, body, headers);
  const given = (await (await ask({ user: 'zoe' })).json()) as Printed;
  expect(given).toMatchObject({ tenant: 'acme', user: 'zoe', apiKey });
  const claims = JSON.parse(Buffer.from(given.token.split('.')[1] ?? '', 'base64url').toString()) as object;
  expect(claims).toMatchObject({ sub: 'zoe', tenant: 'acme' });
  expect(((await (await ask({})).json()) as Printed).user).toBe('bob');
  expect((await ask({}, { origin: 'http://localhost:1' })).status).toBe(403);
  expect((await ask({}, { 'content-type': 'text/plain' })).status).toBe(415);
  expect((await ask({ user: 'a b' })).status).toBe(400);
  expect((await fetch(`${url}/dev/credentials`)).status).toBe(404);
});

it('serves a page of yours as it is at each request, and says when a port is taken', async () => {
  const file = await files.write('page.html', 'first');
  const { printed } = await dev(['--page', file]);
  expect(await (await fetch(printed.url)).text()).toBe('first');
  await files.write('page.html', 'second');
  expect(await (await fetch(printed.url)).text()).toBe('second');
  const { port } = new URL(printed.url);
  const another = CliProcess.start(['dev', '--port', port]);
  expect(await another.exited).toBe(1);
  expect(another.err).toBe(`baton dev: port ${port} is taken; --port takes another\n`);
});
