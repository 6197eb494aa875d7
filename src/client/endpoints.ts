import { CONNECT_PATH } from '../protocol/frames.js';

/**
 * Where a `migrate` may send the client, besides the origins of its own URLs: more origins (`wss://pod-1.example.org:8443`),
 * any port of the own hosts, or a function that decides. The resume token goes there, so choose narrowly.
 */
export type AllowedOrigins = readonly string[] | 'same-host' | ((url: URL) => boolean);

/** Throws TypeError unless it is a ws: or wss: URL. Without a path it gets /v1/connect. */
export function connectUrl(text: string): string {
  const url = parse(text);
  if (url === null) throw new TypeError(`not a ws: or wss: URL: ${text}`);
  return url.href;
}

/** The endpoints of a `migrate` that may be opened, in their order. Never from wss: to ws:. */
export function allowedEndpoints(
  endpoints: readonly string[],
  urls: readonly string[],
  allowed: AllowedOrigins,
): readonly string[] {
  const own = urls.map((url) => new URL(url));
  return endpoints
    .map((endpoint) => parse(endpoint))
    .filter((url) => url !== null)
    .filter((url) => url.protocol === 'wss:' || own.every(({ protocol }) => protocol === 'ws:'))
    .filter((url) => own.some(({ origin }) => origin === url.origin) || isAllowed(url, own, allowed))
    .map(({ href }) => href);
}

function isAllowed(url: URL, own: readonly URL[], allowed: AllowedOrigins): boolean {
  if (typeof allowed === 'function') return allowed(url);
  if (allowed === 'same-host') return own.some(({ hostname }) => hostname === url.hostname);
  return allowed.some((origin) => parse(origin)?.origin === url.origin);
}

function parse(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') return null;
  if (url.pathname === '/') url.pathname = CONNECT_PATH;
  url.hash = '';
  return url;
}
