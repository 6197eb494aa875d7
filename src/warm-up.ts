import { WebSocket } from 'ws';
import { withDeadline } from './lib/deadline.js';
import { systemClock } from './lib/clock.js';
import { CONNECT_PATH, SUBPROTOCOL } from './protocol/frames.js';

/** The first handshakes cost twice the later ones, which are compiled: nobody who waits for them is a client. */
const HANDSHAKES = 20;
const HANDSHAKE_WITHIN_MS = 2_000;

/** Opens and closes a few connections to this very process. Rejects if it can't be reached by clients either. */
export async function warmUp(port: number, host: string): Promise<void> {
  const url = `ws://${loopback(host)}:${port}${CONNECT_PATH}`;
  for (let count = 0; count < HANDSHAKES; count += 1)
    await withDeadline(systemClock, 'a handshake with myself', HANDSHAKE_WITHIN_MS, openAndClose(url));
}

function openAndClose(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, SUBPROTOCOL, { perMessageDeflate: false });
    socket.on('error', reject);
    socket.on('open', () => {
      socket.close(1000);
    });
    socket.on('close', () => {
      resolve();
    });
  });
}

/** Where a server that is bound to every address is reached from inside. */
function loopback(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
