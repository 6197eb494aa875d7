import { systemClock, type Clock } from '../../lib/clock.js';
import type { Json } from '../../protocol/frames.js';
import { randomName } from '../random-name.js';
import { BackendError } from './backend-error.js';
import { HttpCalls } from './http-calls.js';
import { Sessions } from './sessions.js';

/** How to reach the service, and with what. */
export interface BackendOptions {
  /** Of the service: http(s): or ws(s):, with or without a path. */
  readonly url: string;
  /** `<id>.<secret>`: a secret of the backend, never of a page. */
  readonly apiKey: string;
  /** How long one call may take, in ms. Default 10,000. */
  readonly timeoutMs?: number;
  /** How long a call that does no harm when repeated is tried again, in ms. 0: never. Default 10,000. */
  readonly retryForMs?: number;
  /** Default: the platform's. */
  readonly fetch?: typeof fetch;
  /** Default: the platform's. */
  readonly clock?: Clock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/** Exactly one of a session, a user (all its devices), a channel, or everybody of the tenant. */
export type SendTo =
  { readonly session: string } | { readonly user: string } | { readonly channel: string } | { readonly tenant: true };

/** A message to send. */
export interface Sending {
  /** Who gets it. */
  readonly to: SendTo;
  /** JSON of at most 65,024 bytes. */
  readonly data: Json;
  /**
   * Makes a repeat harmless, also by another process: the same key to the same target is one message for the time of the
   * replay window. 1 to 128 visible ASCII characters; others reject with TypeError. Default: one of its own for each call.
   */
  readonly idempotencyKey?: string;
}

/** The message is in the stream's log. */
export interface Sent {
  /** Its place in the stream, from 1. */
  readonly offset: number;
  /** An earlier send with this key had the effect; nothing changed. */
  readonly repeated: boolean;
}

/** A message of a stream that is read. */
export interface ReadMessage<Data = Json> {
  /** 1, 2, 3 … within the stream. */
  readonly offset: number;
  /** Unique for ever. */
  readonly id: string;
  /** What was published. Its type is the application's word for it: nothing is checked. */
  readonly data: Data;
  /** To be stored with the effect of the message, and given to `read` to go on after it. */
  readonly after: string;
}

/** How to read a stream. */
export interface ReadOptions {
  /** Go on after this message. Default: from now on. */
  readonly after?: string;
  /** Ends the loop with its reason. */
  readonly signal?: AbortSignal;
  /**
   * Messages after the position are gone: the state must be loaded again; the loop goes on from the present end. Without
   * it the loop ends with BackendError `reset`, because a gap must not go unnoticed.
   */
  readonly onReset?: (reset: { readonly reason: string; readonly after: string }) => void;
}

interface Page {
  readonly messages: readonly { readonly offset: number; readonly id: string; readonly data: Json }[];
  readonly after: string;
  readonly reset?: { readonly reason: string };
}

const WAIT_SECONDS = 25;
/** In a row: a proxy's page for logging in won't become the service by itself. */
const MOST_STRANGE_ANSWERS = 10;

/** The HTTP API, for programs that don't hold a connection. It keeps nothing: several are as good as one. */
export class Backend {
  /** Sessions of the tenant: where they are connected, their data, their end. */
  readonly sessions: Sessions;
  readonly #calls: HttpCalls;

  /** Throws TypeError for a URL or a key that is none. */
  constructor(options: BackendOptions) {
    const { url, apiKey, timeoutMs = 10_000, retryForMs = 10_000, clock = systemClock, random = Math.random } = options;
    // Visible ASCII: fetch refuses other characters in a header as if the service couldn't be reached.
    if (!/^[!--/-~]+\.[!--/-~]+$/.test(apiKey)) throw new TypeError('an API key is <id>.<secret>');
    this.#calls = new HttpCalls({
      origin: originOf(url),
      apiKey,
      timeoutMs,
      retryForMs,
      clock,
      random,
      fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    });
    this.sessions = new Sessions(this.#calls);
  }

  /**
   * Resolves when the message is in the log of the stream: whoever is subscribed gets it, and whoever comes back within
   * the replay window. Tried again while that may help, with one effect. Rejects with BackendError: `forbidden`,
   * `not-found` (a session that is gone), `too-big` …
   */
  async send({ to, data, idempotencyKey = randomName() }: Sending): Promise<Sent> {
    if (!/^[!-~]{1,128}$/.test(idempotencyKey))
      throw new TypeError('an idempotency key is 1 to 128 visible ASCII characters');
    const headers = { 'idempotency-key': idempotencyKey };
    const call = { method: 'POST', repeatable: true, body: { to, data }, headers } as const;
    return (await this.#calls.call('/v1/messages', call)) as Sent;
  }

  /**
   * Every message of a stream (`channel:<name>`, `user:<id>`, `session:<id>` or `tenant`), in order, for ever: it waits for
   * what comes, and comes back by itself when the service can't be reached. `Data` is the application's word for what
   * comes. The loop ends with BackendError for what is final (`forbidden`, `bad-stream`, `reset`), and after ten answers in a
   * row that aren't the service's (`unreachable`).
   */
  async *read<Data = Json>(
    stream: string,
    options: ReadOptions = {},
  ): AsyncGenerator<ReadMessage<Data>, void, undefined> {
    const { signal, onReset } = options;
    let { after } = options;
    for (let failures = 0, strange = 0; ;) {
      const page: Page | BackendError = await this.#page(stream, after, signal);
      if (page instanceof BackendError) {
        strange = page.status === 200 ? strange + 1 : 0;
        if (strange === MOST_STRANGE_ANSWERS) throw page;
        await this.#calls.sleep(this.#calls.delayMs(page, failures), signal);
        failures += 1;
        continue;
      }
      failures = strange = 0;
      const { messages, reset } = page;
      if (reset) {
        if (!onReset)
          throw new BackendError('reset', `messages are gone (${reset.reason})`, 200, { after: page.after });
        onReset({ reason: reset.reason, after: page.after });
      }
      for (const { offset, id, data } of messages) yield { offset, id, data: data as Data, after: `${offset}:${id}` };
      ({ after } = page);
    }
  }

  /** An error that is temporary is returned: a reader outlasts it, however long it takes. */
  async #page(
    stream: string,
    after: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Page | BackendError> {
    const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}&waitSeconds=${WAIT_SECONDS}`;
    const path = `/v1/streams/${encodeURIComponent(stream)}/messages${query}`;
    try {
      return (await this.#calls.call(path, { waitMs: WAIT_SECONDS * 1_000, signal })) as Page;
    } catch (error) {
      const temporary = error instanceof BackendError && (error.status === 0 || error.retryAfterMs !== undefined);
      if (temporary) return error;
      throw error;
    }
  }
}

function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^(http|ws)s?:$/.test(url.protocol)) throw new TypeError(`not a URL of the service: ${text}`);
  return `${url.protocol.replace('ws', 'http')}//${url.host}`;
}
