import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { KubernetesConfig } from '../config/config.js';
import type { Clock } from '../lib/clock.js';
import { ApiError, retryAfterMs } from './api-error.js';

/** A slice has at most 1,000 endpoints of about 0.5 kB; a list of them is asked for in parts. */
const MOST_BYTES = 8 * 1_048_576;

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON; of a PATCH, as a merge patch. */
  readonly body?: unknown;
  /** To the end of the answer, of a watch to its beginning. */
  readonly withinMs: number;
}

/**
 * Requests to the API server over connections that are kept. Why not through its client library: docs/decisions. Token and
 * authorities are read for every request: a kubelet rotates both, and a token that was kept is refused one day.
 */
export class ApiServer {
  private readonly agent = new Agent({ keepAlive: true, keepAliveMsecs: 30_000, maxSockets: 8, maxFreeSockets: 2 });
  private closed = false;

  constructor(
    private readonly config: Pick<KubernetesConfig, 'apiUrl' | 'tokenFile' | 'caFile'>,
    private readonly clock: Clock,
  ) {}

  /** The JSON of the answer. Rejects with ApiError. */
  async call(call: ApiCall): Promise<unknown> {
    const response = await this.answerTo(call);
    return this.within(call, response, async () => parse(await textOf(response)));
  }

  /** An answer that goes on until one of the two ends it: the caller sees to deadlines, and destroys it. Rejects with ApiError. */
  open(call: ApiCall): Promise<IncomingMessage> {
    return this.answerTo(call);
  }

  /** Cuts what is still under way. */
  close(): void {
    this.closed = true;
    this.agent.destroy();
  }

  private async answerTo(call: ApiCall): Promise<IncomingMessage> {
    const response = await this.send(call);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const text = await this.within(call, response, () => textOf(response));
    throw new ApiError(status, `${call.method} ${call.path} was answered ${status}: ${messageOf(text)}`, {
      retryAfterMs: retryAfterMs(response.headers['retry-after']),
    });
  }

  private async send({ method, path, query, body, withinMs }: ApiCall): Promise<IncomingMessage> {
    const [token, ca] = await this.credentials();
    if (this.closed) throw new ApiError(null, 'nothing is asked any more');
    const url = new URL(path, this.config.apiUrl);
    url.search = new URLSearchParams(query).toString();
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      'user-agent': 'baton',
      ...(body !== undefined && { 'content-type': type }),
    };
    return new Promise((resolve, reject) => {
      const sent = request(url, { method, headers, ca, agent: this.agent });
      const timer = this.clock.after(withinMs, () => {
        sent.destroy(new Error(`no answer within ${withinMs} ms`));
      });
      sent.on('response', (response) => {
        timer.cancel();
        resolve(response);
      });
      sent.on('error', (cause) => {
        timer.cancel();
        reject(new ApiError(null, `${method} ${path} failed: ${cause.message}`, { cause }));
      });
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  private async credentials(): Promise<readonly [string, string]> {
    try {
      const { tokenFile, caFile } = this.config;
      const [token, ca] = await Promise.all([readFile(tokenFile, 'utf8'), readFile(caFile, 'utf8')]);
      return [token.trim(), ca];
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ApiError(null, `the service account can't be read: ${why}`, { cause });
    }
  }

  private async within<T>(call: ApiCall, response: IncomingMessage, read: () => Promise<T>): Promise<T> {
    const timer = this.clock.after(call.withinMs, () => {
      response.destroy(new Error(`the answer took longer than ${call.withinMs} ms`));
    });
    try {
      return await read();
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ApiError(null, `the answer to ${call.method} ${call.path} broke off: ${why}`, { cause });
    } finally {
      timer.cancel();
    }
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) {
      response.destroy();
      throw new ApiError(null, `the answer is longer than ${MOST_BYTES} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError(null, 'the answer is no JSON', { cause });
  }
}

/** The API server explains itself in a Status; a proxy before it in anything. */
function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    if (typeof message === 'string') return message;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return text.slice(0, 200);
}
