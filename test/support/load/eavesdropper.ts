import type { WebSocketFactory, WebSocketLike } from '../../../src/client/index.js';
import { platformWebSocket } from '../../../src/client/web-socket.js';

/** What somebody who saw the client's frames could use to say `hello` in its name. */
export interface Overheard {
  readonly session: string;
  readonly resume: string;
}

/** Listens on a client's sockets for its newest resume token, which the SDK rightly keeps to itself. */
export class Eavesdropper {
  overheard: Overheard | null = null;

  readonly factory: WebSocketFactory = (url, protocol): WebSocketLike => {
    const socket = platformWebSocket(url, protocol);
    socket.addEventListener('message', ({ data }) => {
      if (typeof data !== 'string' || !data.startsWith('{"type":"welcome"')) return;
      const { session, resume } = JSON.parse(data) as Overheard;
      this.overheard = { session, resume };
    });
    return socket;
  };
}
