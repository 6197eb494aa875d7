import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Certificates } from '../redis-topologies/certificates.js';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly body: unknown;
  /** By the monotonic clock. */
  readonly atMs: number;
}

/** What a request is answered instead of what the objects say; `hang`: nothing at all, `slow`: a byte at a time. */
export type OddAnswer =
  | 'hang'
  | 'cut'
  | 'slow'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string };

interface Change {
  readonly version: number;
  readonly type: string;
  readonly object: object;
}

interface FakeObject {
  readonly metadata: { readonly name: string };
}

const SLICES = /^\/apis\/discovery\.k8s\.io\/v1\/namespaces\/shop\/endpointslices$/;

/**
 * What Baton uses of an API server, over TLS, with versions and a history that can be forgotten as etcd's is. Objects: the
 * EndpointSlices, the pod `baton-1` and the Deployment `baton` of the namespace `shop`.
 */
export class FakeApiServer {
  readonly requests: SeenRequest[] = [];
  readonly events: unknown[] = [];
  /** What the pod's metadata is beside its name. */
  pod: Record<string, unknown> = { uid: 'uid-1' };
  replicas = 3;
  tokens: readonly string[] = ['first'];
  private readonly slices = new Map<string, FakeObject>();
  private readonly watches = new Set<ServerResponse>();
  private readonly odd: { readonly which: RegExp; answers: OddAnswer[] }[] = [];
  private history: Change[] = [];
  private forgottenBefore = 0;
  private version = 100;

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.serve(request, response));
  }

  static async start({ server: { certFile, keyFile } }: Certificates): Promise<FakeApiServer> {
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
    const server = createServer({ cert, key });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FakeApiServer(server);
  }

  get url(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  get watching(): number {
    return this.watches.size;
  }
  seen(which: RegExp): readonly SeenRequest[] {
    return this.requests.filter(({ method, path, query }) => which.test(`${method} ${path}?${query.toString()}`));
  }
  lists(): readonly SeenRequest[] {
    return this.seen(/^GET .*endpointslices\?(?!.*watch=true)/);
  }
  watched(): readonly SeenRequest[] {
    return this.seen(/^GET .*endpointslices\?.*watch=true/);
  }

  /** The next requests of this kind (`METHOD path?query`) get these answers, one each. */
  answer(which: RegExp, ...answers: OddAnswer[]): void {
    this.odd.push({ which, answers });
  }
  /** From now on, no odd answers any more. */
  behave(): void {
    this.odd.length = 0;
  }

  /** Whom the slice leads to: pod name to ready. */
  put(slice: string, pods: Readonly<Record<string, boolean>>): void {
    const object = sliceOf(slice, pods);
    this.change(this.slices.has(slice) ? 'MODIFIED' : 'ADDED', object);
    this.slices.set(slice, object);
  }
  remove(slice: string): void {
    const object = this.slices.get(slice);
    this.slices.delete(slice);
    if (object) this.change('DELETED', object);
  }
  bookmark(): void {
    this.version += 1;
    const object = { metadata: { resourceVersion: String(this.version) } };
    this.say(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  }
  /** What has changed until now can't be watched any more. */
  forget(): void {
    this.version += 1;
    this.forgottenBefore = this.version;
    this.history = [];
  }

  /** Raw text to all who watch. */
  say(text: string): void {
    for (const response of this.watches) response.write(text);
  }
  /** As a server ends a watch in its time. */
  endWatches(): void {
    for (const response of this.watches) response.end();
    this.watches.clear();
  }
  cutWatches(): void {
    for (const response of this.watches) response.destroy();
    this.watches.clear();
  }
  async close(): Promise<void> {
    this.cutWatches();
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }

  private change(type: string, object: FakeObject): void {
    this.version += 1;
    const versioned = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.version) } };
    this.history.push({ version: this.version, type, object: versioned });
    this.say(`${JSON.stringify({ type, object: versioned })}\n`);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    let text = '';
    for await (const part of request as AsyncIterable<Buffer>) text += part.toString();
    const seen = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      authorization: request.headers.authorization,
      body: text === '' ? null : (JSON.parse(text) as unknown),
      atMs: performance.now(),
    };
    this.requests.push(seen);
    const odd = this.oddAnswer(`${seen.method} ${seen.path}?${seen.query.toString()}`);
    if (odd !== undefined) this.answerOddly(response, odd);
    else if (!this.tokens.some((token) => seen.authorization === `Bearer ${token}`))
      status(response, 401, 'Unauthorized');
    else this.answerTo(seen, response);
  }

  private oddAnswer(what: string): OddAnswer | undefined {
    return this.odd.find(({ which, answers }) => answers.length > 0 && which.test(what))?.answers.shift();
  }

  private answerOddly(response: ServerResponse, odd: OddAnswer): void {
    if (odd === 'hang') return;
    if (odd === 'cut') response.destroy();
    else if (odd === 'slow') {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 10);
      response.on('close', () => {
        clearInterval(timer);
      });
    } else {
      response.writeHead(odd.status, odd.headers);
      response.end(odd.body ?? '');
    }
  }

  private answerTo({ method, path, query, body }: SeenRequest, response: ServerResponse): void {
    if (method === 'GET' && SLICES.test(path)) this.answerAboutSlices(query, response);
    else if (method === 'GET' && path === '/api/v1/namespaces/shop/pods/baton-1')
      json(response, { metadata: { name: 'baton-1', ...this.pod } });
    else if (method === 'PATCH' && path === '/api/v1/namespaces/shop/pods/baton-1') {
      const { metadata } = body as { readonly metadata: { readonly annotations: object } };
      this.pod = { ...this.pod, annotations: { ...(this.pod['annotations'] as object), ...metadata.annotations } };
      json(response, { metadata: this.pod });
    } else if (method === 'GET' && path === '/apis/apps/v1/namespaces/shop/deployments/baton')
      json(response, { spec: { replicas: this.replicas } });
    else if (method === 'POST' && path === '/api/v1/namespaces/shop/events') {
      this.events.push(body);
      json(response, body);
    } else status(response, 404, 'not found');
  }

  private answerAboutSlices(query: URLSearchParams, response: ServerResponse): void {
    if (query.get('watch') !== 'true') {
      const items = [...this.slices.values()].map((slice) => ({
        ...slice,
        metadata: { ...slice.metadata, resourceVersion: String(this.version) },
      }));
      json(response, { metadata: { resourceVersion: String(this.version) }, items });
      return;
    }
    const from = Number(query.get('resourceVersion'));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (from < this.forgottenBefore) {
      const object = { kind: 'Status', code: 410, message: `too old resource version: ${from}` };
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return;
    }
    for (const { version, type, object } of this.history)
      if (version > from) response.write(`${JSON.stringify({ type, object })}\n`);
    this.watches.add(response);
    response.on('close', () => this.watches.delete(response));
  }
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function status(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', code, message }));
}

function sliceOf(name: string, pods: Readonly<Record<string, boolean>>) {
  return {
    metadata: { name },
    addressType: 'IPv4',
    endpoints: Object.entries(pods).map(([pod, ready]) => ({
      addresses: ['10.0.0.1'],
      conditions: { ready, serving: true, terminating: !ready },
      targetRef: { kind: 'Pod', name: pod, uid: `uid-of-${pod}` },
    })),
  };
}
