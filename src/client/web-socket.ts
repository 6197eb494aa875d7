/** The part of the standard WebSocket that the client uses; browsers, Node >= 22 and the package `ws` all have it. */
export interface WebSocketLike {
  /** One text frame. */
  send(text: string): void;
  /** Begins to close; a `close` event follows. */
  close(code?: number, reason?: string): void;
  /** `error` is followed by `close`. */
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  /** A frame: text, or something else that is ignored. */
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  /** Once. */
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void;
}

/** Opens a WebSocket; may throw if the platform refuses the URL. */
export type WebSocketFactory = (url: string, protocol: string) => WebSocketLike;

interface PlatformWebSocket {
  readonly WebSocket?: new (url: string, protocol: string) => WebSocketLike;
}

export const platformWebSocket: WebSocketFactory = (url, protocol) => {
  const { WebSocket } = globalThis as unknown as PlatformWebSocket;
  if (WebSocket === undefined) throw new TypeError('no WebSocket: pass the option `webSocket`');
  return new WebSocket(url, protocol);
};
