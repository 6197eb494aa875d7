import type { IncomingHttpHeaders } from 'node:http';
import { CONNECT_PATH, SUBPROTOCOL } from '../protocol/frames.js';

export interface UpgradeRefusal {
  readonly status: 400 | 403 | 404 | 405 | 426;
  /** Bounded: a metric's label. */
  readonly reason: 'method' | 'path' | 'request' | 'origin' | 'subprotocol';
  readonly message: string;
}

/** What can be refused before the WebSocket handshake; a draining or full pod accepts and says so in a frame. */
export function checkUpgrade(
  request: {
    readonly method?: string | undefined;
    readonly url?: string | undefined;
    readonly httpVersion?: string | undefined;
    readonly headers: IncomingHttpHeaders;
  },
  allowedOrigins: readonly string[],
): UpgradeRefusal | null {
  if (request.method !== 'GET') return { status: 405, reason: 'method', message: 'a WebSocket handshake is a GET' };
  const path = (request.url ?? '').split('?', 1)[0];
  if (path !== CONNECT_PATH) return { status: 404, reason: 'path', message: `connect at ${CONNECT_PATH}` };
  if (!isPlain(request))
    return {
      status: 400,
      reason: 'request',
      message: 'a WebSocket handshake is HTTP/1.1 with a host and without a body',
    };
  const { origin } = request.headers;
  if (origin !== undefined && allowedOrigins.length > 0 && !allowedOrigins.includes(origin))
    return { status: 403, reason: 'origin', message: 'this origin is not allowed' };
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!offered.includes(SUBPROTOCOL))
    return { status: 400, reason: 'subprotocol', message: `the subprotocol must be ${SUBPROTOCOL}` };
  return null;
}

/** Node's own checks of a request don't hold for upgrades; what follows a handshake with a body would be read as frames. */
function isPlain({
  httpVersion,
  headers,
}: {
  readonly httpVersion?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}): boolean {
  const { host, 'content-length': length = '0', 'transfer-encoding': coding } = headers;
  return httpVersion === '1.1' && host !== undefined && length === '0' && coding === undefined;
}

/** The token of `Authorization: Bearer`, or null. Browsers cannot send it; they put the token into `hello`. */
export function bearerOf(headers: IncomingHttpHeaders): string | null {
  const match = /^Bearer ([^\s]{1,16384})$/i.exec(headers.authorization ?? '');
  return match?.[1] ?? null;
}
