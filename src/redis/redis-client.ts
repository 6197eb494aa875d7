import { Redis } from 'ioredis';
import type { HostPort } from '../config/redis-config.js';
import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import { tlsFor, type RedisAccess } from './redis-access.js';

export interface ClientTimeouts {
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
}

/** How long a closed connection may take to say goodbye. */
const DISCONNECT_MS = 100;
const KEEP_ALIVE_MS = 5_000;

/**
 * One connection to Redis, ready for commands. It lives once: whoever loses it opens another (redis-link.ts). The library
 * would re-send commands whose reply was lost, queue commands while there is no connection, and subscribe again without
 * telling when that is done: all of that is switched off. A command that was sent rejects when its connection is lost, or
 * at its deadline; whether it took effect is then unknown.
 */
export async function openClient(
  place: HostPort,
  access: RedisAccess,
  name: string,
  { connectTimeoutMs, commandTimeoutMs }: ClientTimeouts,
  clock: Clock,
): Promise<Redis> {
  const client = new Redis({
    host: place.host,
    port: place.port,
    ...(access.username === null ? {} : { username: access.username }),
    ...(access.password === null ? {} : { password: access.password }),
    ...(access.tls === null ? {} : { tls: tlsFor(access.tls, place) }),
    db: access.database,
    lazyConnect: true,
    retryStrategy: null,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // A server that is still loading is told by INFO (redis-check.ts); the library's check would wait by itself.
    enableReadyCheck: false,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    disconnectTimeout: DISCONNECT_MS,
    keepAlive: KEEP_ALIVE_MS,
    connectionName: `baton-${name}`,
    disableClientInfo: true,
  });
  let cause: unknown;
  client.on('error', (error: unknown) => {
    forgetCommand(error);
    cause = error;
  });
  try {
    // The library's own deadline ends with the TCP handshake; a server that is stopped accepts, too.
    await withDeadline(clock, 'connecting to Redis', connectTimeoutMs, client.connect());
    return client;
  } catch (error) {
    closeClient(client);
    forgetCommand(error);
    throw cause ?? error;
  }
}

/** The library keeps what was refused with the refusal: for a greeting, that is the password. */
function forgetCommand(error: unknown): void {
  if (error instanceof Error) delete (error as { command?: unknown }).command;
}

/** At once, without waiting for replies: what is under way rejects. */
export function closeClient(client: Redis): void {
  client.disconnect();
  const { stream } = client as { readonly stream: Redis['stream'] | undefined };
  stream?.destroy();
}
