import { join } from 'node:path';
import { makeTemporaryDirectory } from '../temporary-directory.js';
import { makeCertificates, type CertificateAndKey } from './certificates.js';
import { RedisNode } from './redis-node.js';
import { masterFaults, nobodyElse, type RedisTopology, type TopologyOptions } from './topology.js';
import { unusedPorts } from './unused-ports.js';

export interface TlsServer extends RedisTopology {
  readonly kind: 'single';
  /** `redis.tls` of the configuration. */
  readonly tls: CertificateAndKey & { readonly caFile: string; readonly serverName: string };
}

const SERVER_NAME = 'redis.test';

/** One server that takes TLS with a client certificate from everybody but the operator (`admin`). */
export async function startTls({ args = [] }: TopologyOptions = {}): Promise<TlsServer> {
  const directory = await makeTemporaryDirectory('redis');
  const { caFile, server, client } = await makeCertificates(directory.path, SERVER_NAME);
  const [port = 0, tlsPort = 0] = await unusedPorts(2);
  const files = ['--tls-cert-file', server.certFile, '--tls-key-file', server.keyFile, '--tls-ca-cert-file', caFile];
  const listens = ['--tls-port', String(tlsPort), '--tls-auth-clients', 'yes'];
  const node = new RedisNode({ port, directory: join(directory.path, 'node'), args: [...listens, ...files, ...args] });
  const stop = async () => {
    await node.stop();
    await directory.remove();
  };
  try {
    await node.start();
  } catch (error) {
    await stop();
    throw error;
  }
  const url = `rediss://127.0.0.1:${tlsPort}`;
  return {
    kind: 'single',
    config: { kind: 'single', url },
    tls: { ...client, caFile, serverName: SERVER_NAME },
    environment: {
      BATON_REDIS_URL: url,
      BATON_REDIS_TLS_CA_FILE: caFile,
      BATON_REDIS_TLS_CERT_FILE: client.certFile,
      BATON_REDIS_TLS_KEY_FILE: client.keyFile,
      BATON_REDIS_TLS_SERVER_NAME: SERVER_NAME,
    },
    nodes: [node],
    ...masterFaults(async () => node),
    masters: async () => [node],
    ...nobodyElse,
    stop,
  };
}
