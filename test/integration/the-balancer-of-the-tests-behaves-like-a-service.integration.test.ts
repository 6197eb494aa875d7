import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { Balancer } from '../support/pods/balancer.js';

/** A pod that says its name to whoever connects, and then echoes. */
async function namedPod(name: string): Promise<{ readonly port: number; stop(): void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.write(`${name} `);
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, stop };
}

describe('the balancer of the tests', () => {
  let balancer: Balancer;
  let pods: Awaited<ReturnType<typeof namedPod>>[];
  beforeEach(async () => {
    balancer = await Balancer.start({ removeLateMs: 60 });
    pods = [await namedPod('a'), await namedPod('b')];
  });
  afterEach(async () => {
    for (const pod of pods) pod.stop();
    await balancer.stop();
  });

  const portOf = (n: number) => pods[n]?.port ?? 0;
  /** The pod that a new connection gets to, or '' if it is refused. */
  const visit = async () => {
    const socket = connect(balancer.port, '127.0.0.1');
    socket.on('error', () => undefined);
    const [name] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [Buffer | boolean];
    socket.destroy();
    return typeof name === 'boolean' ? '' : name.toString().trim();
  };
  const visits = async (count: number) => new Set(await Promise.all(Array.from({ length: count }, visit)));

  it('takes nobody in while nothing is ready, and spreads over what is', async () => {
    expect(await visits(3)).toEqual(new Set(['']));
    balancer.setReady(portOf(0), true);
    balancer.setReady(portOf(1), true);
    expect(await visits(40)).toEqual(new Set(['a', 'b']));
  });

  it('removes an endpoint late, and not at all if it is ready again before', async () => {
    balancer.setReady(portOf(0), true);
    balancer.setReady(portOf(0), false);
    expect(await visit()).toBe('a');
    await eventually('the endpoint to be removed', async () => (await visit()) === '');
    balancer.setReady(portOf(0), true);
    balancer.setReady(portOf(0), false);
    balancer.setReady(portOf(0), true);
    balancer.setReady(portOf(1), true);
    await eventually('the other one to be found, too', async () => (await visits(20)).size === 2);
    expect(await visits(40)).toEqual(new Set(['a', 'b']));
  });

  it('never cuts an established connection', async () => {
    balancer.setReady(portOf(0), true);
    const socket = connect(balancer.port, '127.0.0.1');
    await once(socket, 'data');
    balancer.setReady(portOf(0), false);
    await eventually('the endpoint to be removed', async () => (await visit()) === '');
    socket.write('still here');
    const [echo] = (await once(socket, 'data')) as [Buffer];
    expect(echo.toString()).toBe('still here');
    socket.destroy();
  });
});
