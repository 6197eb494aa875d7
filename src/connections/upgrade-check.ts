import type { IncomingHttpHeaders } from 'node:http';
import { CONNECT_PATH, SUBPROTOCOL } from '../protocol/frames.js';

export interface UpgradeRefusal {
  readonly status: 400 | 403 | 404 | 405 | 426;
  /** Bounded: a metric's label. */
  readonly reason: 'method' | 'path' | 'origin' | 'subprotocol';
  readonly message: string;
}

/** What can be refused before the WebSocket handshake; a draining or full pod accepts and says so in a frame. */
export function checkUpgrade(
  request: {
    readonly method?: string | undefined;
    readonly url?: string | undefined;
    readonly headers: IncomingHttpHeaders;
  },
  allowedOrigins: readonly string[],
): UpgradeRefusal | null {
  if (request.method !== 'GET') return { status: 405, reason: 'method', message: 'a WebSocket handshake is a GET' };
  const path = (request.url ?? '').split('?', 1)[0];
  if (path !== CONNECT_PATH) return { status: 404, reason: 'path', message: `connect at ${CONNECT_PATH}` };
  const { origin } = request.headers;
  if (origin !== undefined && allowedOrigins.length > 0 && !allowedOrigins.includes(origin))
    return { status: 403, reason: 'origin', message: 'this origin is not allowed' };
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!offered.includes(SUBPROTOCOL))
    return { status: 400, reason: 'subprotocol', message: `the subprotocol must be ${SUBPROTOCOL}` };
  return null;
}

/** The token of `Authorization: Bearer`, or null. Browsers cannot send it; they put the token into `hello`. */
export function bearerOf(headers: IncomingHttpHeaders): string | null {
  const match = /^Bearer ([^\s]{1,16384})$/i.exec(headers.authorization ?? '');
  return match?.[1] ?? null;
}
