// Socket.IO as its documentation sets it up: on `ws`, only WebSockets, compression off (its default). With REDIS_URL it
// has the Redis streams adapter, with RECOVERY also connection state recovery.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);
const { Server } = load('socket.io');
const { REDIS_URL, RECOVERY, MAX_LEN } = process.env;

const http = createServer();
const redis = REDIS_URL ? await load('redis').createClient({ url: REDIS_URL }).connect() : null;
const adapter = redis
  ? { adapter: load('@socket.io/redis-streams-adapter').createAdapter(redis, { maxLen: Number(MAX_LEN ?? 10_000) }) }
  : {};
const recovery = RECOVERY
  ? { connectionStateRecovery: { maxDisconnectionDuration: 600_000, skipMiddlewares: true } }
  : {};
const io = new Server(http, { transports: ['websocket'], serveClient: false, ...adapter, ...recovery });

io.on('connection', (/** @type {any} */ socket) => {
  const { room } = socket.handshake.auth;
  if (room && !socket.recovered) socket.join(room);
  // To everybody.
  socket.on('all', (/** @type {string} */ data) => io.emit('all', data));
  // To a room that all publish to, and to one of one's own: acknowledged when that has been asked for.
  socket.on('shared', (/** @type {string} */ data, /** @type {() => void} */ done) => {
    io.to('nobody').emit('shared', data);
    done();
  });
  socket.on('own', (/** @type {string} */ data, /** @type {() => void} */ done) => {
    io.to(room).emit('own', data);
    done();
  });
});

/** What clients miss: `unrelated` messages to other rooms, then `each` to every room. */
process.on('message', async (/** @type {any} */ { miss }) => {
  if (!miss) return;
  const before = await redis.xLen('socket.io');
  for (let count = 0; count < miss.unrelated; count += 1) io.to(`other${count % 100}`).emit('m', miss.data);
  for (let count = 0; count < miss.each; count += 1)
    for (let room = 0; room < miss.rooms; room += 1) io.to(`r${room}`).emit('m', miss.data);
  const wanted = before + miss.unrelated + miss.each * miss.rooms;
  // Appends of this connection are answered in their order.
  const after = await redis.xLen('socket.io');
  process.send?.({ missed: after >= wanted, after, wanted });
});

http.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (http.address());
  process.stdout.write(`${JSON.stringify({ event: 'server.listening', port })}\n`);
});
