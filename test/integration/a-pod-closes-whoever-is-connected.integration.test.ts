import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, it } from '@jest/globals';
import { withDeadline } from '../../src/lib/deadline.js';
import type { RunningPod } from '../../src/start-pod.js';
import { install, startPodHere, type Installation } from '../support/in-process-pod.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
const sockets: Socket[] = [];
let here: Installation;
let pod: RunningPod;

beforeAll(async () => {
  here = await install({ url: redis.url, keyPrefix: redis.keyPrefix() }, []);
  pod = await startPodHere(here.environment, 'pod-a');
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await here.remove();
});

it('a pod closes within the 5 s that its process gives it, though clients opened connections and said nothing', async () => {
  for (const said of [
    '',
    'GET /v1/x HTTP/1.1\r\nHost: a\r\nX-',
    'POST /v1/messages HTTP/1.1\r\nContent-Length: 9\r\n\r\n{',
  ]) {
    const socket = connect(pod.port, '127.0.0.1');
    socket.on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    socket.write(said);
  }
  await withDeadline(pod.clock, 'closing', 4_500, pod.close());
});
