import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A webhook as it came over HTTP. */
export interface Heard {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
  readonly path: string;
  readonly raw: string;
  readonly type: string;
  readonly at: string;
  readonly data: { readonly tenant: string; readonly session: string; readonly user: string };
}

export type Answer = number | 'hang' | { readonly status: number; readonly headers: Readonly<Record<string, string>> };

/** What a backend has: a real HTTP server. `answer` says what it does with each webhook. */
export class Receiver {
  readonly heard: Heard[] = [];
  answer: (heard: Heard) => Answer = () => 204;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.take(request, response);
    });
  }

  static async start(port = 0): Promise<Receiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return new Receiver(server, (server.address() as AddressInfo).port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hooks`;
  }

  /** What was heard of a session, each event once, in the order in which its events happened. */
  storyOf(session: string): readonly string[] {
    const of = this.heard.filter(({ data }) => data.session === session);
    const once = new Map(of.map((heard) => [heard.id, heard]));
    return [...once.values()]
      .sort((one, other) => (one.at < other.at ? -1 : 1))
      .map(({ type }) => type.replace('session.', ''));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await text(request).catch(() => null);
    if (raw === null) return;
    const { type, timestamp, data } = JSON.parse(raw) as Pick<Heard, 'type' | 'data'> & { readonly timestamp: string };
    const heard: Heard = {
      id: headerOf(request, 'webhook-id'),
      timestamp: headerOf(request, 'webhook-timestamp'),
      signature: headerOf(request, 'webhook-signature'),
      path: request.url ?? '',
      ...{ raw, type, data, at: timestamp },
    };
    this.heard.push(heard);
    const answer = this.answer(heard);
    if (answer === 'hang') return;
    if (typeof answer === 'number') response.writeHead(answer).end();
    else response.writeHead(answer.status, answer.headers).end();
  }
}

/**
 * Whether one of the signatures was made with this secret, as the specification of Standard Webhooks says: the HMAC-SHA256
 * of `<id>.<timestamp>.<body>` under the secret's bytes, base64 after `v1,`, several of them separated by spaces.
 */
export function isSignedWith(secret: string, { id, timestamp, signature, raw }: Heard): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const mac = createHmac('sha256', key);
  for (const part of [id, '.', timestamp, '.', raw]) mac.update(part, 'utf8');
  const expected = Buffer.from(`v1,${mac.digest('base64')}`);
  return signature.split(' ').some((given) => {
    const bytes = Buffer.from(given);
    return bytes.length === expected.length && timingSafeEqual(bytes, expected);
  });
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}
