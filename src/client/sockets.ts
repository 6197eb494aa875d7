import type { Clock, Timer } from '../lib/clock.js';
import { parseServerFrame } from '../protocol/codec.js';
import { closeCode } from '../protocol/close-codes.js';
import { SUBPROTOCOL, type ServerFrame } from '../protocol/frames.js';
import type { WebSocketFactory, WebSocketLike } from './web-socket.js';

export interface SocketListener {
  opened(connection: number): void;
  received(connection: number, frame: ServerFrame): void;
  closed(connection: number, code: number, reason: string): void;
}

interface OpenSocket {
  readonly socket: WebSocketLike;
  lastFrameAtMs: number;
  silence: Timer | null;
}

const LOST = closeCode.abnormal;

/** The client's sockets by connection number. Once dropped or closed, a socket is heard no more. */
export class Sockets {
  readonly #open = new Map<number, OpenSocket>();

  constructor(
    private readonly webSocket: WebSocketFactory,
    private readonly clock: Clock,
    private readonly listener: SocketListener,
  ) {}

  open(connection: number, url: string): void {
    let socket: WebSocketLike;
    try {
      socket = this.webSocket(url, SUBPROTOCOL);
    } catch (error) {
      this.clock.after(0, () => {
        this.listener.closed(connection, LOST, String(error));
      });
      return;
    }
    const ifOpen = (run: () => void): void => {
      if (this.#open.get(connection)?.socket === socket) run();
    };
    this.#open.set(connection, { socket, lastFrameAtMs: this.clock.monotonic(), silence: null });
    socket.addEventListener('open', () => {
      ifOpen(() => this.listener.opened(connection));
    });
    socket.addEventListener('message', ({ data }) => {
      ifOpen(() => this.#receive(connection, data));
    });
    socket.addEventListener('close', ({ code, reason }) => {
      ifOpen(() => this.#closed(connection, code, reason));
    });
    // A close always follows; without a listener `ws` throws.
    socket.addEventListener('error', () => undefined);
  }

  send(connection: number, text: string): void {
    this.#open.get(connection)?.socket.send(text);
  }

  /** Since the last frame; null if it isn't open. */
  silentMs(connection: number): number | null {
    const open = this.#open.get(connection);
    return open ? this.clock.monotonic() - open.lastFrameAtMs : null;
  }

  /** Two ping periods without a frame of any kind: the connection is dead, whatever its socket says. */
  watchSilence(connection: number, limitMs: number): void {
    const open = this.#open.get(connection);
    if (open === undefined) return;
    const silentForMs = this.clock.monotonic() - open.lastFrameAtMs;
    if (silentForMs >= limitMs) {
      this.lose(connection, 'silent for two ping periods');
      return;
    }
    open.silence = this.clock.after(limitMs - silentForMs, () => {
      this.watchSilence(connection, limitMs);
    });
  }

  /** Drops it, and says that it has closed. */
  lose(connection: number, why: string): void {
    if (!this.#open.has(connection)) return;
    this.drop(connection);
    this.listener.closed(connection, LOST, why);
  }

  drop(connection: number): void {
    const open = this.#forget(connection);
    open?.socket.close(closeCode.done);
  }

  #receive(connection: number, data: unknown): void {
    const open = this.#open.get(connection);
    const frame = typeof data === 'string' ? parse(data) : null;
    if (open === undefined || frame === null) return;
    open.lastFrameAtMs = this.clock.monotonic();
    this.listener.received(connection, frame);
  }

  #closed(connection: number, code: number, reason: string): void {
    this.#forget(connection);
    this.listener.closed(connection, code, reason);
  }

  #forget(connection: number): OpenSocket | undefined {
    const open = this.#open.get(connection);
    open?.silence?.cancel();
    this.#open.delete(connection);
    return open;
  }
}

/** Null for what no server of this protocol sends; it is ignored like an unknown type. */
function parse(text: string): ServerFrame | null {
  try {
    return parseServerFrame(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
