// The `ws` package alone: whatever a client sends goes to everybody, one send a message and recipient.
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);
const { WebSocketServer } = load('ws');

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (/** @type {any} */ socket) => {
  socket.on('message', (/** @type {Buffer} */ data) => {
    for (const client of server.clients) client.send(data, { binary: false });
  });
  socket.on('error', () => undefined);
});
server.on('listening', () => {
  const { port } = server.address();
  process.stdout.write(`${JSON.stringify({ event: 'server.listening', port })}\n`);
});
