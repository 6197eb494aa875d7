import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { DrainCoordinator } from '../draining/drain-coordinator.js';

/** Larger than the largest message (64 KiB) with what JSON puts around it; data itself is bounded exactly. */
const BODY_LIMIT_BYTES = 81_920;
const HEADERS_WITHIN_MS = 10_000;
const REQUEST_WITHIN_MS = 30_000;
/** How often that is looked at: Node's own 30 s would let whoever is slow stay for so much longer. */
const LOOK_EVERY_MS = 1_000;
/** Above the idle limit of the usual proxies (60 s): the side that closes first must not be the one that is called. */
const KEEP_ALIVE_MS = 75_000;

/** What is used of Nest on Express; its own type needs the types of Express, which are no dependency of ours. */
export interface ExpressApplication extends INestApplication {
  set(name: 'etag', value: false): this;
  disable(name: 'x-powered-by'): this;
  useBodyParser(type: 'json', options: { readonly limit: number; readonly strict: boolean }): this;
  getHttpServer(): Server;
}

/** Settings of the server that clients and backends use; call it before the application is initialised. */
export function configureApi(app: ExpressApplication): Server {
  app.set('etag', false);
  app.disable('x-powered-by');
  app.useBodyParser('json', { limit: BODY_LIMIT_BYTES, strict: false });
  const drain = app.get(DrainCoordinator);
  app.use((_request: IncomingMessage, response: ServerResponse, next: () => void) => {
    // Nobody cuts a backend's kept connections when the endpoint goes: with each answer it is asked to leave.
    if (drain.isDraining) response.setHeader('Connection', 'close');
    next();
  });
  const server = app.getHttpServer();
  // Backends on Java offer HTTP/2 with their first request (`Upgrade: h2c`): an offer may be ignored, and only a
  // WebSocket's is taken. A variable of its own: the published types know the option, not the property.
  const isWebSocket = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === 'websocket';
  Object.assign(server, { shouldUpgradeCallback: isWebSocket, connectionsCheckingInterval: LOOK_EVERY_MS });
  server.headersTimeout = HEADERS_WITHIN_MS;
  server.requestTimeout = REQUEST_WITHIN_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}
