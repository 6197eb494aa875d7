import {
  list,
  milliseconds,
  oneOf,
  optionalFile,
  optionalText,
  optionalUrl,
  text,
  upTo,
  type Option,
} from './option.js';
import { DURABILITY, isHostPort, type RedisSettings } from './redis-config.js';

type RedisOptions = { readonly [Field in keyof RedisSettings]: Option<RedisSettings[Field]> };

const USER = /^[\x21-\x7e]{1,256}$/;
const USER_SHAPE = '1 to 256 printable characters';

/** Where Redis is: exactly one of three. */
const place = {
  url: optionalUrl(
    {
      key: 'BATON_REDIS_URL',
      secret: true,
      description:
        'A single Redis: `redis://[user[:password]@]host[:port][/database]`; `rediss://` for TLS. ' +
        'Exactly one of this, the sentinels and the nodes of a cluster.',
    },
    ['redis:', 'rediss:'],
  ),
  sentinels: list(
    { key: 'BATON_REDIS_SENTINELS', fallback: [], description: 'Sentinels, `host:port,host:port`: all of them.' },
    isHostPort,
    'pairs of host:port',
  ),
  sentinelName: optionalText(
    { key: 'BATON_REDIS_SENTINEL_NAME', description: 'The name under which the sentinels know the master.' },
    /^[A-Za-z0-9._-]{1,253}$/,
    'letters, digits, dots and dashes, at most 253',
  ),
  sentinelUsername: optionalText(
    { key: 'BATON_REDIS_SENTINEL_USERNAME', description: 'ACL user at the sentinels.' },
    USER,
    USER_SHAPE,
  ),
  sentinelPasswordFile: optionalFile({
    key: 'BATON_REDIS_SENTINEL_PASSWORD_FILE',
    description: 'Password at the sentinels; read again at every connect.',
  }),
  clusterNodes: list(
    {
      key: 'BATON_REDIS_CLUSTER_NODES',
      fallback: [],
      description: 'Some nodes of a Redis Cluster, `host:port,host:port`; they know the others.',
    },
    isHostPort,
    'pairs of host:port',
  ),
} satisfies Partial<RedisOptions>;

const access = {
  username: optionalText(
    { key: 'BATON_REDIS_USERNAME', description: 'ACL user; without it the one in the URL, or the default user.' },
    USER,
    USER_SHAPE,
  ),
  passwordFile: optionalFile({
    key: 'BATON_REDIS_PASSWORD_FILE',
    description: 'Password of Redis; read again at every connect, so that a rotated one is taken up.',
  }),
  tls: oneOf({ key: 'BATON_REDIS_TLS', fallback: 'false', description: 'TLS to every Redis and sentinel.' }, [
    'true',
    'false',
  ]),
  tlsCaFile: optionalFile({
    key: 'BATON_REDIS_TLS_CA_FILE',
    description: 'Authorities (PEM) that the certificate of Redis is checked against; without it those of Node.',
  }),
  tlsCertFile: optionalFile({
    key: 'BATON_REDIS_TLS_CERT_FILE',
    description: "The client's certificate (PEM), with its key; read again at every connect.",
  }),
  tlsKeyFile: optionalFile({ key: 'BATON_REDIS_TLS_KEY_FILE', description: 'Key (PEM) of that certificate.' }),
  tlsServerName: optionalText(
    {
      key: 'BATON_REDIS_TLS_SERVER_NAME',
      description: 'The name that the certificate of Redis must have; without it the host that is connected to.',
    },
    /^[0-9A-Za-z._-]{1,253}$/,
    'a host name',
  ),
} satisfies Partial<RedisOptions>;

export const redis: RedisOptions = {
  ...place,
  ...access,
  keyPrefix: text(
    {
      key: 'BATON_REDIS_KEY_PREFIX',
      fallback: 'b:',
      description: 'Every key and channel begins with it: several installations can share one Redis.',
    },
    /^[A-Za-z0-9:_-]{1,64}$/,
    'letters, digits, colons, dashes and underscores, at most 64',
  ),
  connectTimeoutMs: milliseconds(
    { key: 'BATON_REDIS_CONNECT_TIMEOUT_MS', fallback: 2_000, description: 'For one attempt to connect.' },
    upTo(60_000),
  ),
  commandTimeoutMs: milliseconds(
    {
      key: 'BATON_REDIS_COMMAND_TIMEOUT_MS',
      fallback: 2_000,
      description: 'For the answer to one command; then the connection is taken for dead and the command is repeated.',
    },
    upTo(60_000),
  ),
  durability: text(
    {
      key: 'BATON_REDIS_DURABILITY',
      fallback: 'memory',
      description:
        'What an acknowledged message has survived: `memory`, the master; `replicas:<n>`, n replicas have it, too.',
    },
    DURABILITY,
    'memory or replicas:<1 to 9>',
    'memory, replicas:n',
  ),
  replicaWaitMs: milliseconds(
    {
      key: 'BATON_REDIS_REPLICA_WAIT_MS',
      fallback: 1_000,
      description: 'With `replicas:<n>`: how long replicas are waited for, before the append is repeated.',
    },
    upTo(60_000),
  ),
};
