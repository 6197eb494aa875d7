import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { nowUs } from '../judge/records.js';
import { repository } from '../stage/build-under-test.js';

export interface WebPage {
  readonly html: string;
  /** The header Content-Security-Policy; none by default. */
  readonly policy?: string;
}

/** Nothing but the page's own scripts and the service: no `eval`, nothing inline, no string that becomes code. */
export const strictPolicy =
  "default-src 'none'; script-src 'self'; connect-src 'self' ws://127.0.0.1:*; base-uri 'none'; form-action 'none'; " +
  "require-trusted-types-for 'script'; trusted-types 'none'";

/** What is served from elsewhere: the SDK as it is shipped, and, for clients that the judge hears of, with its observer. */
const elsewhere: Readonly<Record<string, string>> = {
  '/baton.min.js': '/dist/page/baton.min.js',
  '/dist/src/client/index.js': '/dist/page/baton.observed.min.js',
};
const types: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.map': 'application/json' };

/**
 * An application's web server: the pages it was given; below `/dist/` the modules of the build, in which whoever imports
 * the SDK gets the file for pages; and `/clock`, which everybody's records go by.
 */
export class PageServer {
  private constructor(private readonly server: Server) {}

  /** @param pages by their paths */
  static async start(pages: Readonly<Record<string, WebPage>>): Promise<PageServer> {
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname;
      const page = pages[path];
      if (path === '/clock') send(response, 200, 'text/plain', String(nowUs()));
      else if (page !== undefined) sendPage(response, page);
      else void sendFile(response, path);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new PageServer(server);
  }

  /** `http://127.0.0.1:<port>` */
  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

function sendPage(response: ServerResponse, { html, policy }: WebPage): void {
  if (policy !== undefined) response.setHeader('content-security-policy', policy);
  send(response, 200, 'text/html; charset=utf-8', html);
}

async function sendFile(response: ServerResponse, path: string): Promise<void> {
  const wanted = elsewhere[path] ?? normalize(path);
  const type = types[extname(wanted)];
  if (!wanted.startsWith('/dist/') || type === undefined) {
    send(response, 404, 'text/plain', 'not here');
    return;
  }
  try {
    send(response, 200, type, await readFile(join(repository, wanted)));
  } catch {
    send(response, 404, 'text/plain', 'not here');
  }
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}
