/** One way to reach Redis, out of three. */
export type RedisTopology =
  | { readonly kind: 'single'; readonly url: string }
  | {
      readonly kind: 'sentinel';
      readonly sentinels: readonly HostPort[];
      /** Under which the sentinels know the master. */
      readonly name: string;
      readonly username: string | null;
      /** Read again whenever a sentinel is asked. */
      readonly passwordFile: string | null;
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly HostPort[] };

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Files are read again at every connect, so that what is rotated is taken up. */
export interface RedisTls {
  /** null: the authorities that Node trusts. */
  readonly caFile: string | null;
  /** The client's certificate and its key: both or none. */
  readonly certFile: string | null;
  readonly keyFile: string | null;
  /** Which name the server's certificate must have; null: the host that is connected to. */
  readonly serverName: string | null;
}

export interface RedisConfig {
  readonly topology: RedisTopology;
  /** ACL user; null: the one in the URL, or Redis' default user. */
  readonly username: string | null;
  /** Read again at every connect; null: the password in the URL, or none. */
  readonly passwordFile: string | null;
  readonly tls: RedisTls | null;
  /** Every key and channel begins with it. */
  readonly keyPrefix: string;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
  readonly durability: {
    /** Replicas that have confirmed a write before it is acknowledged; 0: the master's memory is enough. */
    readonly replicas: number;
    /** How long they are waited for. */
    readonly waitMs: number;
  };
}

/** The settings as they are in the environment: a leaf each. */
export interface RedisSettings {
  readonly url: string | null;
  readonly sentinels: readonly string[];
  readonly sentinelName: string | null;
  readonly sentinelUsername: string | null;
  readonly sentinelPasswordFile: string | null;
  readonly clusterNodes: readonly string[];
  readonly username: string | null;
  readonly passwordFile: string | null;
  readonly tls: 'true' | 'false';
  readonly tlsCaFile: string | null;
  readonly tlsCertFile: string | null;
  readonly tlsKeyFile: string | null;
  readonly tlsServerName: string | null;
  readonly keyPrefix: string;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
  readonly durability: string;
  readonly replicaWaitMs: number;
}

/** `memory`, `replicas:1` ... `replicas:9` */
export const DURABILITY = /^(?:memory|replicas:([1-9]))$/;

/** For settings that don't contradict each other (contradictions.ts). */
export function redisConfigOf(settings: RedisSettings): RedisConfig {
  const { username, passwordFile, keyPrefix, connectTimeoutMs, commandTimeoutMs, replicaWaitMs } = settings;
  return {
    topology: topologyOf(settings),
    username,
    passwordFile,
    tls: usesTls(settings) ? tlsOf(settings) : null,
    keyPrefix,
    connectTimeoutMs,
    commandTimeoutMs,
    durability: { replicas: Number(DURABILITY.exec(settings.durability)?.[1] ?? 0), waitMs: replicaWaitMs },
  };
}

export function usesTls({ tls, url }: RedisSettings): boolean {
  return tls === 'true' || url?.startsWith('rediss:') === true;
}

function topologyOf(settings: RedisSettings): RedisTopology {
  const { url, sentinels, clusterNodes, sentinelName, sentinelUsername, sentinelPasswordFile } = settings;
  if (url !== null) return { kind: 'single', url };
  if (clusterNodes.length > 0) return { kind: 'cluster', nodes: clusterNodes.map(hostPortOf) };
  return {
    kind: 'sentinel',
    sentinels: sentinels.map(hostPortOf),
    name: sentinelName ?? '',
    username: sentinelUsername,
    passwordFile: sentinelPasswordFile,
  };
}

function tlsOf({ tlsCaFile, tlsCertFile, tlsKeyFile, tlsServerName }: RedisSettings): RedisTls {
  return { caFile: tlsCaFile, certFile: tlsCertFile, keyFile: tlsKeyFile, serverName: tlsServerName };
}

const HOST_PORT = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9A-Za-z._-]{1,253})):(\d{1,5})$/;

/** `host:port`, an IPv6 address in brackets. */
export function isHostPort(text: string): boolean {
  const port = Number(HOST_PORT.exec(text)?.[3] ?? 0);
  return port > 0 && port < 65_536;
}

function hostPortOf(text: string): HostPort {
  const [, bracketed, plain = '', port] = HOST_PORT.exec(text) ?? [];
  return { host: bracketed ?? plain, port: Number(port) };
}
