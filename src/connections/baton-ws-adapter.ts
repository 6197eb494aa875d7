import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { STATUS_CODES } from 'node:http';
import type { WsMessageHandler } from '@nestjs/common';
import { AbstractWsAdapter } from '@nestjs/websockets';
import { WebSocketServer } from 'ws';
import { randomId } from '../lib/random-id.js';
import { MAX_FRAME_BYTES } from '../protocol/bounds.js';
import { SUBPROTOCOL } from '../protocol/frames.js';
import { asConnectionId } from '../protocol/ids.js';
import { Connection } from './connection.js';
import type { ConnectionContext } from './connection-context.js';
import { FrameDispatcher, type Received } from './frame-dispatcher.js';
import type { OpenConnections } from './open-connections.js';
import { RateGuard } from './rate-guard.js';
import { ServerSocket, type SocketEvents } from './server-socket.js';
import { bearerOf, checkUpgrade, type UpgradeRefusal } from './upgrade-check.js';

/** The one client that Nest sees: binding handlers per socket would cost each of them eight closures. */
class GatewayServer {
  constructor(
    readonly dispatcher: FrameDispatcher,
    readonly events: SocketEvents,
  ) {}

  on(): void {
    // Nest listens for `connection` here; sockets come through the upgrade instead.
  }
  /** Nest waits for the callback. Sockets are drained before; dispose() ends what is left. */
  close(done: () => void): void {
    done();
  }
}

/** A client that doesn't answer a close frame is cut after this time. */
const CLOSE_TIMEOUT_MS = 5_000;

/** Sockets beyond the capacity that may still say `hello` and be told `busy` politely; more are told at once. */
const UNCLAIMED_MARGIN = 500;
const OVERLOADED_MS = 2_000;
/** Sockets beyond the capacity of any kind, also requests of backends: past them the system closes new ones at once. */
const MORE_SOCKETS = 5_000;

/** A variable of its own: the published types don't know `closeTimeout` yet. */
const socketOptions = {
  noServer: true,
  WebSocket: ServerSocket,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: MAX_FRAME_BYTES,
  maxFragments: 64,
  maxBufferedChunks: 1_024,
  closeTimeout: CLOSE_TIMEOUT_MS,
  // Pings count like other frames (RateGuard).
  autoPong: false,
  handleProtocols: () => SUBPROTOCOL,
};

/** Nest's gateways over `ws`, with upgrades that are refused by real statuses and one write per socket and turn. */
export class BatonWsAdapter extends AbstractWsAdapter<GatewayServer, GatewayServer, object> {
  private readonly sockets = new WebSocketServer<typeof ServerSocket>(socketOptions);
  private listening: {
    readonly server: Server;
    readonly upgrade: (...args: [IncomingMessage, Duplex, Buffer]) => void;
  } | null = null;

  constructor(
    private readonly server: Server,
    private readonly connections: OpenConnections,
    private readonly context: ConnectionContext,
  ) {
    super();
  }

  create(): GatewayServer {
    const rates = new RateGuard(this.context);
    const dispatcher = new FrameDispatcher(rates);
    const gateway = new GatewayServer(dispatcher, this.eventsOf(dispatcher, rates));
    this.server.maxConnections = this.context.config.capacity + MORE_SOCKETS;
    const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      if (socket instanceof Socket) this.upgrade(gateway, request, socket, head);
      else socket.destroy();
    };
    this.listening = { server: this.server, upgrade };
    this.server.on('upgrade', upgrade);
    return gateway;
  }

  override bindClientConnect(gateway: GatewayServer, callback: (client: GatewayServer) => void): void {
    callback(gateway);
  }
  override bindClientDisconnect(): void {
    // Nest's client is the gateway itself and never disconnects.
  }

  bindMessageHandlers(gateway: GatewayServer, handlers: WsMessageHandler[]): void {
    for (const { message, callback } of handlers)
      gateway.dispatcher.handle(message, (received) => {
        (callback as (body: Received) => Promise<unknown>)(received).catch((error: unknown) => {
          this.context.logger.error('connection.frame-failed', { connectionId: received.connection.id, error });
          received.connection.close('internal');
        });
      });
  }

  override dispose(): Promise<void> {
    if (this.listening) this.listening.server.off('upgrade', this.listening.upgrade);
    this.listening = null;
    for (const connection of this.connections.all()) connection.terminate();
    return Promise.resolve();
  }

  private upgrade(gateway: GatewayServer, request: IncomingMessage, socket: Socket, head: Buffer): void {
    const refusal = checkUpgrade(request, this.context.config.allowedOrigins);
    if (refusal) {
      this.context.metrics.upgradesRejected.inc({ reason: refusal.reason });
      refuse(socket, refusal);
      return;
    }
    socket.setNoDelay(true);
    const token = bearerOf(request.headers);
    this.sockets.handleUpgrade(request, socket, head, (ws) => {
      this.open(gateway, ws, socket, token);
    });
  }

  /** A fault that no code names ends this connection, never the pod. */
  private dispatch(dispatcher: FrameDispatcher, connection: Connection, data: Buffer): void {
    try {
      dispatcher.dispatch(connection, data.toString(), data.length);
    } catch (error) {
      this.context.logger.error('connection.frame-failed', { connectionId: connection.id, error });
      connection.terminate();
    }
  }

  private open(gateway: GatewayServer, ws: ServerSocket, socket: Socket, token: string | null): void {
    const connection = new Connection(asConnectionId(randomId()), ws, socket, this.context, token);
    this.connections.add(connection);
    this.context.metrics.connectionsOpened.inc();
    ws.belongTo(connection, gateway.events);
    if (this.connections.size > this.context.config.capacity + UNCLAIMED_MARGIN) connection.busy(OVERLOADED_MS);
  }

  private eventsOf(dispatcher: FrameDispatcher, rates: RateGuard): SocketEvents {
    const { clock, metrics, logger } = this.context;
    return {
      message: (connection, data, isBinary) => {
        connection.lastSeenMs = clock.monotonic();
        metrics.messagesReceived.inc();
        if (isBinary) connection.close('unsupportedData', 'frames are text');
        else this.dispatch(dispatcher, connection, data);
      },
      ping: (connection, payload) => {
        if (rates.takeControl(connection, payload.length, clock.monotonic())) connection.pinged(payload);
      },
      pong: (connection, payload) => {
        rates.takeControl(connection, payload.length, clock.monotonic());
      },
      closed: (connection, code) => {
        this.connections.remove(connection);
        connection.closed(code);
      },
      failed: (connection, error) => {
        logger.debug('connection.socket-error', { connectionId: connection.id, error });
      },
    };
  }
}

function refuse(socket: Socket, { status, message }: UpgradeRefusal): void {
  const body = `${message}\n`;
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  socket.destroySoon();
}
