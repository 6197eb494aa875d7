import { readSecretFile } from '../auth/secret-file.js';
import type { Environment } from '../config/load-config.js';
import { CommandFailure, UsageError } from './command.js';

/** The options of every command that calls a service. */
export const serviceOptions = { url: { type: 'string' }, 'api-key-file': { type: 'string' } } as const;

export const SERVICE_USAGE = `  --url           of the service; else BATON_URL, else http://127.0.0.1:8080
  --api-key-file  a file with the API key; else BATON_API_KEY. There is no option for the key itself: everybody on
                  the machine can read the command lines of others, and the shell keeps them`;

export interface ServiceValues {
  readonly url?: string | undefined;
  readonly 'api-key-file'?: string | undefined;
}

const ANSWER_WITHIN_MS = 30_000;
const API_KEY = /^[\w-]{1,32}\.[\x21-\x7e]{1,512}$/;

/** A service and the key that a backend calls it with. */
export class Service {
  constructor(
    readonly url: URL,
    readonly apiKey: string,
  ) {}

  /** The parsed answer, null if it has no body. Rejects with CommandFailure. */
  async call(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    const { ok, status, text } = await this.ask(path, {
      method,
      headers: { authorization: `Bearer ${this.apiKey}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const answer = parsed(text);
    if (!ok) throw failureOf(status, answer);
    if (answer === undefined && text !== '')
      throw new CommandFailure(`what answers at ${this.url.origin} is not Baton: it sent no JSON`);
    return answer ?? null;
  }

  /** With all of its text: a service may break off in it. */
  private async ask(path: string, init: RequestInit) {
    try {
      const response = await fetch(new URL(path, this.url), init);
      return { ok: response.ok, status: response.status, text: await response.text() };
    } catch (error) {
      throw new CommandFailure(`${this.url.origin} cannot be reached: ${reasonOf(error)}`, 3);
    }
  }
}

/** Throws UsageError without a key, or for a URL that is none; SecretFileError for a file that can't be read. */
export async function serviceFrom(values: ServiceValues, env: Environment): Promise<Service> {
  const url = serviceUrl(values, env);
  const apiKey = await apiKeyFrom(values, env);
  if (apiKey === null)
    throw new UsageError('an API key is needed: set BATON_API_KEY, or name a file with --api-key-file');
  return new Service(url, apiKey);
}

/** Null: none is given. Throws as `serviceFrom` does. */
export async function apiKeyFrom(values: ServiceValues, env: Environment): Promise<string | null> {
  const file = values['api-key-file'];
  const apiKey = file === undefined ? env['BATON_API_KEY'] : String(await readSecretFile('API key', file));
  return apiKey === undefined || apiKey === '' ? null : keyIn(apiKey, file);
}

/** Throws UsageError for what is no URL. */
export const serviceUrl = (values: ServiceValues, env: Environment): URL =>
  urlFrom(values.url ?? (env['BATON_URL'] || 'http://127.0.0.1:8080'));

/** Throws UsageError, which doesn't quote it. */
function keyIn(text: string, file: string | undefined): string {
  const key = text.trim();
  if (API_KEY.test(key)) return key;
  const where = file === undefined ? 'BATON_API_KEY' : file;
  throw new UsageError(
    `${where} must have an API key, <id>.<secret>, and nothing else: the first line of baton api-key`,
  );
}

/** Written for clients or for backends: it is one port. */
function urlFrom(text: string): URL {
  const url = URL.canParse(text) ? new URL(text.replace(/^ws(?=s?:)/, 'http')) : null;
  // `fetch` takes no such URL, and quotes it.
  if (text.includes('@')) throw new UsageError('--url and BATON_URL have no user and no password');
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(`--url must be a URL such as https://baton.example.com, not ${JSON.stringify(text)}`);
  return url;
}

function failureOf(status: number, answer: unknown): CommandFailure {
  const error = (answer as { readonly error?: Readonly<Record<string, unknown>> } | null | undefined)?.error;
  if (typeof error?.['code'] !== 'string') return new CommandFailure(`the service answered ${status}`, 3);
  const isTemporary = error['retryAfterMs'] !== undefined;
  return new CommandFailure(`${error['code']}: ${String(error['message'])}`, isTemporary ? 3 : 1);
}

function reasonOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  return cause instanceof Error ? cause.message : String(cause);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
