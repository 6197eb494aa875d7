import type { Json } from '../../protocol/frames.js';

/** What a webhook says. `data` has at least the tenant, the session and its user; `timestamp` is ISO 8601. */
export interface WebhookEvent {
  /**
   * `session.connected`, `session.disconnected`, `session.expired`, `session.ended`, or one of a newer service: ignore
   * those you don't know.
   */
  readonly type: string;
  /** When it happened, ISO 8601. */
  readonly timestamp: string;
  /** Whose session; more fields may come. */
  readonly data: {
    readonly tenant: string;
    readonly session: string;
    readonly user: string;
    readonly [field: string]: Json;
  };
}

/** A webhook whose signature was right. `id` is the same in each delivery of one event: remember it to handle an event once. */
export interface VerifiedWebhook {
  /** `webhook-id`. */
  readonly id: string;
  /** The body. */
  readonly event: WebhookEvent;
}

/** Request headers: a standard `Headers`, or an object as Node's `request.headers` (names in any case). */
export type WebhookHeaders =
  { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Why a webhook must not be believed. Answer 400, and don't say more. */
export class WebhookError extends Error {
  constructor(
    /** `missing-header`; `bad-timestamp`: older or newer than the tolerance; `bad-signature`; `bad-body`: signed, and no event. */
    readonly code: 'missing-header' | 'bad-timestamp' | 'bad-signature' | 'bad-body',
    message: string,
  ) {
    super(message);
    this.name = 'WebhookError';
  }
}

/** How strictly `verifyWebhook` looks. */
export interface VerifyOptions {
  /** How far the sender's clock and this one may be apart, deliveries under way included, in seconds. Default 300. */
  readonly toleranceSeconds?: number;
  /** Milliseconds since 1970. Default: the present. */
  readonly nowMs?: number;
}

const SECRET_PREFIX = 'whsec_';

/**
 * Checks a webhook's signature (Standard Webhooks, HMAC-SHA256) and its age, and returns what it says. `rawBody` is the
 * body as it came, before any JSON parser; `secret` is the tenant's `whsec_…`, or several while one replaces another.
 * Rejects with WebhookError; throws TypeError for a secret that is none. Works wherever there is WebCrypto.
 */
export async function verifyWebhook(
  headers: WebhookHeaders,
  rawBody: string | Uint8Array,
  secret: string | readonly string[],
  { toleranceSeconds = 300, nowMs = Date.now() }: VerifyOptions = {},
): Promise<VerifiedWebhook> {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    headerOf(headers, name),
  ) as [string, string, string];
  const ageSeconds = nowMs / 1_000 - (/^[0-9]{1,12}$/.test(timestamp) ? Number(timestamp) : NaN);
  if (!(Math.abs(ageSeconds) <= toleranceSeconds))
    throw new WebhookError('bad-timestamp', `webhook-timestamp is not within ${toleranceSeconds} s of this clock`);
  const body = typeof rawBody === 'string' ? new TextEncoder().encode(rawBody) : rawBody;
  const signed = concat(new TextEncoder().encode(`${id}.${timestamp}.`), body);
  if (!(await anySigns(typeof secret === 'string' ? [secret] : secret, signatures, signed)))
    throw new WebhookError('bad-signature', 'no signature of the webhook is right');
  return { id, event: parseEvent(body) };
}

function headerOf(headers: WebhookHeaders, name: string): string {
  const value = isStandard(headers)
    ? headers.get(name)
    : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  if (typeof value !== 'string' || value === '') throw new WebhookError('missing-header', `there is no ${name}`);
  return value;
}

const isStandard = (headers: WebhookHeaders): headers is { get(name: string): string | null } =>
  typeof headers['get'] === 'function';

/** Of several signatures, as while a secret is replaced, one is enough. Compares in constant time. */
async function anySigns(
  secrets: readonly string[],
  signatures: string,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const keys = await Promise.all(secrets.map(keyOf));
  for (const text of signatures.split(' ')) {
    const signature = text.startsWith('v1,') ? fromBase64(text.slice(3)) : null;
    if (signature === null) continue;
    for (const key of keys) if (await crypto.subtle.verify('HMAC', key, signature, signed)) return true;
  }
  return false;
}

async function keyOf(secret: string): Promise<Awaited<ReturnType<typeof crypto.subtle.importKey>>> {
  const bytes = secret.startsWith(SECRET_PREFIX) ? fromBase64(secret.slice(SECRET_PREFIX.length)) : null;
  if (bytes === null || bytes.length === 0) throw new TypeError(`a webhook secret is ${SECRET_PREFIX}<base64>`);
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return null;
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function parseEvent(body: Uint8Array): WebhookEvent {
  let event: unknown;
  try {
    event = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
  }
  const { type, data } = (event ?? {}) as { readonly type?: unknown; readonly data?: unknown };
  if (typeof type !== 'string' || typeof data !== 'object' || data === null)
    throw new WebhookError('bad-body', 'the body is no event');
  return event as WebhookEvent;
}
