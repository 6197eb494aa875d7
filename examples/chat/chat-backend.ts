import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Backend } from '../../src/client/backend/index.js';
import { connect, type Client } from '../../src/client/index.js';
import type { ChatInfo, RoomInfo } from './page/backend-api.js';
import type { ChatMessage } from './page/chat-message.js';
import { PageFiles } from './page-files.js';
import { RoomHistory } from './room-history.js';

export interface ChatBackendOptions {
  /** Where Baton is: a ws: URL. */
  readonly batonUrl: string;
  /** Of a key that may publish and subscribe to the rooms. */
  readonly apiKey: string;
  /** Makes a token of Baton for this user, who may use these channels. */
  readonly token: (user: string, channels: readonly string[]) => Promise<string>;
  /** The SDK for the page: baton.min.js of the package @baton-service/client. */
  readonly sdk: string;
  /** 0: any that is free. */
  readonly port: number;
}

const rooms: readonly RoomInfo[] = [
  { name: 'lobby', topic: 'Everybody is welcome' },
  { name: 'kitchen', topic: 'What is for lunch, and who makes coffee' },
  { name: 'workshop', topic: 'What we are building' },
];
const longestBody = 1_024;

/** An answer other than 200. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** What an application needs of its own: it serves the page, says who may come in, and remembers what was said. */
export class ChatBackend {
  private constructor(
    private readonly options: ChatBackendOptions,
    private readonly server: Server,
    private readonly client: Client,
    private readonly histories: ReadonlyMap<string, RoomHistory>,
    private readonly files: PageFiles,
  ) {
    server.on('request', (request, response) => void this.serve(request, response));
  }

  /** Resolves when it listens on 127.0.0.1. */
  static async start(options: ChatBackendOptions): Promise<ChatBackend> {
    const client = connect({ url: options.batonUrl, token: options.apiKey });
    const histories = new Map(rooms.map(({ name }) => [name, new RoomHistory(client, name)]));
    const files = await PageFiles.read(options.sdk, options.batonUrl);
    const server = createServer();
    const backend = new ChatBackend(options, server, client, histories, files);
    await Promise.all([...histories.values()].map((history) => history.read()));
    await backend.greet();
    await once(server.listen(options.port, '127.0.0.1'), 'listening');
    return backend;
  }

  get url(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}/`;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await this.client.close();
  }

  private async greet(): Promise<void> {
    const text = 'Welcome! Open this page in a second window, and talk to yourself.';
    const greeting: ChatMessage = { id: randomUUID(), from: 'Baton', text, at: Date.now() };
    const { batonUrl: url, apiKey } = this.options;
    await new Backend({ url, apiKey }).send({ to: { channel: 'lobby' }, data: { ...greeting } });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      const file = request.method === 'GET' ? this.files.get(pathname) : undefined;
      if (file !== undefined) response.writeHead(200, file.headers).end(file.content);
      else
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify(await this.answer(request, pathname)));
    } catch (error) {
      const status = error instanceof Refusal ? error.status : 500;
      const text = error instanceof Refusal ? error.message : 'the chat has a problem';
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
    }
  }

  private async answer(request: IncomingMessage, path: string): Promise<unknown> {
    const [, room] = /^\/api\/rooms\/([^/]+)\/messages$/.exec(path) ?? [];
    const history = this.histories.get(room ?? '');
    if (request.method === 'GET' && history !== undefined) return history.read();
    if (request.method === 'GET' && path === '/api/chat')
      return { url: this.options.batonUrl, rooms } satisfies ChatInfo;
    if (request.method === 'POST' && path === '/api/token')
      return { token: await this.tokenFor(await bodyOf(request)) };
    throw new Refusal(404, 'there is nothing here');
  }

  /** Here an application finds out who somebody is, by its cookie say. In this chat everybody is who they say they are. */
  private tokenFor(body: unknown): Promise<string> {
    const name = typeof body === 'object' && body !== null && 'name' in body ? body.name : null;
    if (typeof name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,23}$/.test(name))
      throw new Refusal(400, 'A name has letters, digits, . _ and -, at most 24.');
    return this.options.token(
      name,
      rooms.map((room) => room.name),
    );
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const part of request.setEncoding('utf8') as AsyncIterable<string>) {
    text += part;
    if (text.length > longestBody) throw new Refusal(413, 'that is too much');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Refusal(400, 'that is no JSON');
  }
}
