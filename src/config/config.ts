import type { KubernetesConfig } from './kubernetes-options.js';
import type { LimitsConfig } from './limit-options.js';
import type { RedisConfig, RedisSettings } from './redis-config.js';
import type { StorageKind, StorageSettings } from './storage-options.js';
import type { WebhooksConfig } from './webhook-options.js';

export type { KubernetesConfig } from './kubernetes-options.js';
export type { LimitsConfig } from './limit-options.js';
export type { RedisConfig, RedisTopology } from './redis-config.js';

/** The configuration tree, parsed once in main.ts; a class gets the slice that it needs. */
export interface Config {
  readonly server: ServerConfig;
  /** `memory`: nothing of `redis` but the key prefix has a meaning. */
  readonly storage: StorageKind;
  readonly redis: RedisConfig;
  readonly auth: AuthConfig;
  readonly streams: StreamsConfig;
  readonly sessions: SessionsConfig;
  readonly connections: ConnectionsConfig;
  readonly limits: LimitsConfig;
  readonly pod: PodConfig;
  readonly drain: DrainConfig;
  readonly kubernetes: KubernetesConfig;
  readonly webhooks: WebhooksConfig;
  readonly log: LogConfig;
}
/** The tree as the environment has it: what isn't a leaf of a section is put together after it has been read. */
export type Settings = Omit<Config, 'redis' | 'storage'> & {
  readonly storage: StorageSettings;
  readonly redis: RedisSettings;
};
export interface ServerConfig {
  readonly host: string;
  /** Clients (WebSocket) and backends (HTTP API). 0: any free port. */
  readonly port: number;
  /** Probes and metrics; outlives the drain. 0: any free port. */
  readonly healthPort: number;
}
export interface AuthConfig {
  readonly secretFile: string | null;
  readonly publicKeyFile: string | null;
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  /** One key per line, newest first: the first signs, all verify. */
  readonly resumeKeysFile: string;
  /** JSON array of {id, tenant, sha256, grants}; null: no backend may call. */
  readonly apiKeysFile: string | null;
}
export interface StreamsConfig {
  readonly windowMs: number;
  readonly windowMessages: number;
  readonly windowBytes: number;
  /** How long an append is repeated while Redis is away before its publisher gets `unavailable`. */
  readonly appendDeadlineMs: number;
  /** A command older than this is `late`. */
  readonly lateMs: number;
  readonly canaryMs: number;
}
export interface SessionsConfig {
  readonly ttlMs: number;
  /** Every owned row is claimed again once in this time. */
  readonly sweepMs: number;
}
export interface ConnectionsConfig {
  readonly helloTimeoutMs: number;
  readonly pingMs: number;
  readonly capacity: number;
  /** Bytes waiting for one socket; past it the connection catches up from the log. */
  readonly outboundQueueBytes: number;
  /** Origins that a browser may come from; empty: any origin (there are no cookies to steal). */
  readonly allowedOrigins: readonly string[];
  readonly streamsPerSession: number;
}
export interface PodConfig {
  readonly name: string;
  readonly node: string;
  /** Where other pods reach this one's probes; null: they don't. */
  readonly ip: string | null;
  readonly workload: string;
  readonly revision: string;
  /** Where clients reach this very pod (ws:// or wss://); null: they come back through the URL that they used. */
  readonly advertisedUrl: string | null;
  readonly beatMs: number;
  readonly beatTtlMs: number;
}
export interface DrainConfig {
  /** terminationGracePeriodSeconds. hold + handOver + close + reserve + preStop must fit in it. */
  readonly graceMs: number;
  readonly preStopMs: number;
  readonly holdMs: number;
  /** The hold ends when no pod of the newest revision got ready for this long. */
  readonly holdStallMs: number;
  readonly handOverMs: number;
  readonly closeMs: number;
  readonly reserveMs: number;
  /** A peer is given clients once it has been ready for this long. */
  readonly peerReadyMs: number;
  /** Hand-overs per second that all draining pods of the workload start together, for each receiving pod. */
  readonly pacePerReceiver: number;
}
export interface LogConfig {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}
