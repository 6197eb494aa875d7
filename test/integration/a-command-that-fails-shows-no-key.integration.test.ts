import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { baton } from '../support/cli/baton.js';
import { withTemporaryFiles } from '../support/temporary-files.js';

const files = withTemporaryFiles();
const SECRET = 'u8Us-MJh5-PMx-of-a-key';

describe('an API key', () => {
  const row = JSON.stringify({ id: 'dev', tenant: 'acme', sha256: '0'.repeat(64), grants: [] });

  it.each([
    ['with its row, as `baton api-key` prints both', `dev.${SECRET}\n${row}\n`],
    ['with a header around it', `Authorization: Bearer dev.${SECRET}\n`],
    ['without its id', `${SECRET}\n`],
    ['with a letter that no header may have', `dev.${SECRET}\u2026\n`],
  ])('%s is refused before anybody is called, and not shown', async (_what, content) => {
    const file = await files.write('api-key', content);
    for (const args of [
      ['send', 'tenant', '1'],
      ['sessions', 'list'],
      ['tail', 'tenant'],
    ]) {
      const { code, out, err } = await baton([...args, '--api-key-file', file, '--url', 'http://127.0.0.1:1']);
      expect({ code, out }).toEqual({ code: 2, out: [] });
      expect(err).toContain('<id>.<secret>');
      expect(err).not.toContain(SECRET);
    }
  });

  it('is no part of a URL', async () => {
    const env = { BATON_API_KEY: 'dev.key', BATON_URL: `http://dev:${SECRET}@127.0.0.1:1` };
    const { code, err } = await baton(['send', 'tenant', '1'], env);
    expect(code).toBe(2);
    expect(err).not.toContain(SECRET);
  });
});

describe('a service that breaks off', () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"sessions": [');
      // Once the beginning has gone out, and without a goodbye.
      response.write('', () => response.socket?.resetAndDestroy());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(async () => {
    server.close();
    await once(server, 'close');
  });

  it.each([
    ['send', 'tenant', '1'],
    ['sessions', 'list'],
  ])('in its answer cannot be reached: baton %s', async (...args) => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, err } = await baton(args, { BATON_URL: url, BATON_API_KEY: 'dev.key' });
    expect(err).toContain(`${url} cannot be reached: `);
    expect(code).toBe(3);
  });
});
