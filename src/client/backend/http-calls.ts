import { backoffMs } from '../../lib/backoff.js';
import type { Clock } from '../../lib/clock.js';
import { BackendError } from './backend-error.js';

/** How a helper reaches the service. */
export interface CallSettings {
  /** Without a slash at its end. */
  readonly origin: string;
  readonly apiKey: string;
  readonly timeoutMs: number;
  readonly retryForMs: number;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** A repeat does no harm: it is tried again while that may help. */
  readonly repeatable?: boolean;
  /** How long the service may wait by agreement, besides the time of a call. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal | undefined;
}

const BASE_MS = 200;
const MOST_MS = 5_000;
const MOST_PROXY_WAIT_MS = 60_000;

/** Calls of the HTTP API: their deadline, their repeats, and their errors. */
export class HttpCalls {
  constructor(readonly settings: CallSettings) {}

  /** The JSON of the answer, null without one. Rejects with BackendError, or with the reason of the signal. */
  async call(path: string, call: Call = {}): Promise<unknown> {
    const { clock, retryForMs } = this.settings;
    const untilMs = clock.monotonic() + retryForMs;
    for (let failures = 0; ; failures += 1) {
      try {
        return await this.#once(path, call);
      } catch (error) {
        if (!(error instanceof BackendError)) throw error;
        const temporary = call.repeatable === true && (error.status === 0 || error.retryAfterMs !== undefined);
        const delayMs = this.delayMs(error, failures);
        if (!temporary || clock.monotonic() + delayMs >= untilMs) throw error;
        await this.sleep(delayMs, call.signal);
      }
    }
  }

  /** When to try again after this many failures: no sooner than the service says. */
  delayMs(error: BackendError, failures: number): number {
    return (error.retryAfterMs ?? 0) + backoffMs(failures, BASE_MS, MOST_MS, this.settings.random);
  }

  /** Rejects with the signal's reason once it is aborted. */
  sleep(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        timer.cancel();
        reject(reasonOf(signal));
      };
      const timer = this.settings.clock.after(delayMs, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      if (signal?.aborted === true) stop();
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  async #once(path: string, { method = 'GET', body, headers, waitMs = 0, signal }: Call): Promise<unknown> {
    const { origin, apiKey, timeoutMs, clock } = this.settings;
    const text = body === undefined ? null : JSON.stringify(body);
    const given = new AbortController();
    const giveUp = (): void => {
      given.abort();
    };
    const timer = clock.after(timeoutMs + waitMs, giveUp);
    signal?.addEventListener('abort', giveUp);
    if (signal?.aborted === true) giveUp();
    try {
      const response = await this.settings.fetch(origin + path, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(text === null ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: text,
        signal: given.signal,
      });
      return answerOf(response, await response.text());
    } catch (error) {
      if (error instanceof BackendError) throw error;
      if (signal?.aborted === true) throw reasonOf(signal);
      throw new BackendError('unreachable', `no answer from ${origin}`, 0, { cause: error });
    } finally {
      timer.cancel();
      signal?.removeEventListener('abort', giveUp);
    }
  }
}

interface ErrorBody {
  readonly error?: { readonly code?: string; readonly message?: string; readonly retryAfterMs?: number };
}

function answerOf({ ok, status, statusText, headers }: Response, text: string): unknown {
  const body = parse(text);
  if (ok) {
    if (body === undefined) {
      const why = 'the answer is not JSON: is this the service?';
      throw new BackendError('unreachable', why, status, { retryAfterMs: 0 });
    }
    return body;
  }
  const { code, message, retryAfterMs } = (body as ErrorBody | null | undefined)?.error ?? {};
  // A proxy's own answer has no body of ours: 502, 503 and 504 are its way to say that nobody was there, 429 to say "later".
  const fromProxy = code === undefined && (status === 429 || (status >= 502 && status <= 504));
  const waitMs = retryAfterMs ?? (fromProxy ? proxyWaitMs(headers) : undefined);
  throw new BackendError(
    code ?? 'unreachable',
    message ?? `${status} ${statusText}`,
    status,
    waitMs === undefined ? {} : { retryAfterMs: waitMs },
  );
}

/** A date, which few proxies send, is no number: the backoff alone. */
function proxyWaitMs(headers: Headers): number {
  return Math.min(Number(headers.get('retry-after')) * 1_000 || 0, MOST_PROXY_WAIT_MS);
}

/** Null for an empty text, undefined for one that isn't JSON. */
function parse(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
