import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { breaches } from '../support/judge/promise.js';
import { connectRedis } from '../support/redis-connection.js';
import { PodsOn } from '../support/redis-topologies/pods-on.js';
import { startTls, type TlsServer } from '../support/redis-topologies/tls.js';

let server: TlsServer;

beforeEach(async () => {
  server = await startTls();
});
afterEach(() => server.stop());

it('by pods with a certificate, and messages go through them', async () => {
  const pods = await PodsOn.start(server);
  const traffic = await pods.traffic({ clients: 4 });
  await traffic.flows(40);
  const { whole } = await traffic.end();
  await pods.stop();
  expect(breaches(whole, null)).toEqual([]);
});

it.each([
  ['without a certificate of their own', { certFile: null, keyFile: null }],
  ['that expect another server', { serverName: 'other.test' }],
  ['that trust other authorities', { caFile: null }],
])('and not by those %s', async (_who, wrong) => {
  const refused = await connectRedis(server.config, 'x:', { tls: { ...server.tls, ...wrong } });
  await expect(refused.commands.text('x:key')).rejects.toMatchObject({ code: 'unavailable' });
  refused.close();
  const taken = await connectRedis(server.config, 'x:', { tls: server.tls });
  expect(await taken.commands.text('x:key')).toBeNull();
  taken.close();
});
