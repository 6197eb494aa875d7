import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below the range from which the kernel takes the ports of outgoing connections: a server that is away keeps its own. */
const FROM = 12_000;
const TO = 32_000;

/** Different ports of the loopback interface that nobody listened on a moment ago. */
export async function unusedPorts(count: number): Promise<readonly number[]> {
  const held = new Map<number, Server>();
  while (held.size < count) {
    const port = randomInt(FROM, TO);
    const server = held.has(port) ? null : await listen(port);
    if (server) held.set(port, server);
  }
  await Promise.all([...held.values()].map((server) => once(server.close(), 'close')));
  return [...held.keys()];
}

async function listen(port: number): Promise<Server | null> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return null;
  }
}
