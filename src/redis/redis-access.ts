import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { HostPort, RedisConfig, RedisTls } from '../config/redis-config.js';

/** What a connection shows of us and wants to see of the server. */
export interface RedisAccess {
  readonly username: string | null;
  readonly password: string | null;
  readonly database: number;
  readonly tls: ConnectionOptions | null;
}

/** Where a single Redis is, and what its URL says beside that. */
export interface ParsedUrl extends HostPort {
  readonly username: string | null;
  readonly password: string | null;
  readonly database: number;
}

const DEFAULT_PORT = 6379;

export function parseRedisUrl(text: string): ParsedUrl {
  const url = new URL(text);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || DEFAULT_PORT),
    username: decodeURIComponent(url.username) || null,
    password: decodeURIComponent(url.password) || null,
    database: Number(url.pathname.slice(1) || 0),
  };
}

/** Read at every connect, so that rotated passwords and certificates are taken up. Rejects if a file can't be read. */
export async function readAccess(config: RedisConfig): Promise<RedisAccess> {
  const { topology, passwordFile } = config;
  const url = topology.kind === 'single' ? parseRedisUrl(topology.url) : null;
  const [tls, password] = await Promise.all([readTls(config.tls), readPassword(passwordFile)]);
  return {
    username: config.username ?? url?.username ?? null,
    password: password ?? url?.password ?? null,
    database: url?.database ?? 0,
    tls,
  };
}

/** The sentinels have users of their own, and the same certificates. */
export async function readSentinelAccess(config: RedisConfig): Promise<RedisAccess> {
  const { topology } = config;
  const own = topology.kind === 'sentinel' ? topology : { username: null, passwordFile: null };
  const [tls, password] = await Promise.all([readTls(config.tls), readPassword(own.passwordFile)]);
  return { username: own.username, password, database: 0, tls };
}

/** An IP address is no server name: what has to be in the certificate is then the address itself. */
export function tlsFor(tls: ConnectionOptions, { host }: HostPort): ConnectionOptions {
  return tls.servername !== undefined || isIP(host) > 0 ? tls : { ...tls, servername: host };
}

async function readPassword(file: string | null): Promise<string | null> {
  return file === null ? null : (await readFile(file, 'utf8')).trim();
}

async function readTls(tls: RedisTls | null): Promise<ConnectionOptions | null> {
  if (tls === null) return null;
  const [ca, cert, key] = await Promise.all([tls.caFile, tls.certFile, tls.keyFile].map(readOptional));
  return {
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tls.serverName === null ? {} : { servername: tls.serverName }),
  };
}

async function readOptional(file: string | null): Promise<Buffer | undefined> {
  return file === null ? undefined : readFile(file);
}
