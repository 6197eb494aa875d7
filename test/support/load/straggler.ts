import { connectUrl } from '../../../src/client/endpoints.js';
import { platformWebSocket } from '../../../src/client/web-socket.js';
import { SUBPROTOCOL, type ServerFrame } from '../../../src/protocol/frames.js';
import type { Overheard } from './eavesdropper.js';
import type { RecordLog } from './record-log.js';

const patienceMs = 3000;

/**
 * A `hello` that its client never sent, or long before, as a network or an attacker may deliver it.
 * Resolves with what became of it: `welcome`, or the code it was closed with.
 */
export function straggle(
  who: string,
  url: string,
  { session, resume, attempt }: Overheard & { readonly attempt: number },
  log: RecordLog,
): Promise<string> {
  const socket = platformWebSocket(connectUrl(url), SUBPROTOCOL);
  const hello = { type: 'hello', attempt, session, resume, streams: {}, can: ['overlap'], hops: 0 };
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      end('silence');
    }, patienceMs);
    const end = (outcome: string) => {
      clearTimeout(timer);
      socket.close();
      resolve(outcome);
    };
    socket.addEventListener('open', () => {
      socket.send(JSON.stringify(hello));
    });
    socket.addEventListener('message', ({ data }) => {
      const frame = JSON.parse(String(data)) as ServerFrame;
      if (frame.type !== 'welcome') return;
      const { resumed, pod, revision } = frame;
      log.note(who, { kind: 'welcome', attempt, session, resumed, pod, revision });
      end('welcome');
    });
    socket.addEventListener('error', () => undefined);
    socket.addEventListener('close', ({ code }) => {
      end(String(code));
    });
  });
}
