import { WebSocket, type RawData } from 'ws';
import type { Connection } from './connection.js';

/** What happens to a socket, told with its connection. */
export interface SocketEvents {
  message(connection: Connection, data: Buffer, isBinary: boolean): void;
  ping(connection: Connection, payload: Buffer): void;
  pong(connection: Connection, payload: Buffer): void;
  closed(connection: Connection, code: number): void;
  failed(connection: Connection, error: Error): void;
}

/** The library's socket, which knows its connection: so all sockets share their listeners, and have none of their own. */
export class ServerSocket extends WebSocket {
  connection: Connection | null = null;
  events: SocketEvents | null = null;

  /**
   * The library closes by itself after a broken frame and after the client's close frame. Not before the end of the
   * turn: what came before in the same packet is still being answered.
   */
  override close(code?: number, reason?: string | Buffer): void {
    if (this.connection?.alive !== true) super.close(code, reason);
    else
      setImmediate(() => {
        this.connection?.leaves(code ?? 1005);
        super.close(code, reason);
      });
  }

  /** From now on what happens is told. */
  belongTo(connection: Connection, events: SocketEvents): void {
    this.connection = connection;
    this.events = events;
    this.on('message', onMessage);
    this.on('ping', onPing);
    this.on('pong', onPong);
    this.on('close', onClose);
    // The library answers a broken frame with the right close code itself; without a listener it would end the process.
    this.on('error', onError);
  }
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  if (this instanceof ServerSocket && this.connection) this.events?.message(this.connection, data as Buffer, isBinary);
}
function onPing(this: WebSocket, payload: Buffer): void {
  if (this instanceof ServerSocket && this.connection) this.events?.ping(this.connection, payload);
}
function onPong(this: WebSocket, payload: Buffer): void {
  if (this instanceof ServerSocket && this.connection) this.events?.pong(this.connection, payload);
}
function onClose(this: WebSocket, code: number): void {
  if (this instanceof ServerSocket && this.connection) this.events?.closed(this.connection, code);
}
function onError(this: WebSocket, error: Error): void {
  if (this instanceof ServerSocket && this.connection) this.events?.failed(this.connection, error);
}
