import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Files in PEM: an authority, and what it has signed for a server on the loopback interface and for a client. */
export interface Certificates {
  readonly caFile: string;
  readonly server: CertificateAndKey;
  readonly client: CertificateAndKey;
}

export interface CertificateAndKey {
  readonly certFile: string;
  readonly keyFile: string;
}

const run = promisify(execFile);
const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** The server's names are `serverName` and 127.0.0.1. */
export async function makeCertificates(directory: string, serverName: string): Promise<Certificates> {
  const [caFile, caKey] = [join(directory, 'ca.crt'), join(directory, 'ca.key')];
  await run('openssl', [
    'req',
    '-x509',
    ...key,
    '-days',
    '2',
    '-subj',
    '/CN=authority',
    '-keyout',
    caKey,
    '-out',
    caFile,
  ]);
  const sign = async (name: string, names: string): Promise<CertificateAndKey> => {
    const file = (ending: string) => join(directory, `${name}.${ending}`);
    await writeFile(file('ext'), `subjectAltName=${names}\n`);
    await run('openssl', ['req', ...key, '-subj', `/CN=${name}`, '-keyout', file('key'), '-out', file('csr')]);
    const signing = ['-CA', caFile, '-CAkey', caKey, '-CAcreateserial', '-days', '2', '-extfile', file('ext')];
    await run('openssl', ['x509', '-req', '-in', file('csr'), ...signing, '-out', file('crt')]);
    return { certFile: file('crt'), keyFile: file('key') };
  };
  const server = await sign('server', `DNS:${serverName},IP:127.0.0.1`);
  return { caFile, server, client: await sign('client', 'DNS:client') };
}
