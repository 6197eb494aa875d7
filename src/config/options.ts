import { MAX_FRAME_BYTES, MAX_STREAMS_PER_SESSION } from '../protocol/bounds.js';
import type { Settings } from './config.js';
import {
  anyTime,
  bytes,
  file,
  list,
  milliseconds,
  oneOf,
  optionalFile,
  optionalIp,
  optionalUrl,
  text,
  timeOrNone,
  upTo,
  whole,
  type Option,
} from './option.js';
import { kubernetes } from './kubernetes-options.js';
import { limits } from './limit-options.js';
import { redis } from './redis-options.js';
import { storage } from './storage-options.js';
import { webhooks } from './webhook-options.js';

/** A setting for every leaf of the tree: the place in this table is the path in the tree, and the compiler compares them. */
export type OptionTable = {
  readonly [Section in keyof Settings]: {
    readonly [Field in keyof Settings[Section]]: Option<Settings[Section][Field]>;
  };
};

const PORT = { min: 0, max: 65_535 };
const COUNT = { min: 1, max: 1_000_000 };
const MIB = 1_048_576;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,252}$/;
const NAME_SHAPE = 'letters, digits, dots, slashes and dashes, at most 253';
const ALGORITHM = /^(HS|RS|PS|ES)(256|384|512)$|^EdDSA$/;

const isOrigin = (value: string): boolean => URL.canParse(value) && new URL(value).origin === value;

const server: OptionTable['server'] = {
  host: text(
    { key: 'BATON_HOST', fallback: '0.0.0.0', description: 'Address that both ports are bound to.' },
    /^[0-9A-Za-z.:-]{1,253}$/,
    'an address or a host name',
  ),
  port: whole(
    {
      key: 'BATON_PORT',
      fallback: 8080,
      description:
        'Clients (WebSocket) and backends (HTTP API). 0: any free port; the log line `server.listening` has it.',
    },
    PORT,
    'port',
  ),
  healthPort: whole(
    {
      key: 'BATON_HEALTH_PORT',
      fallback: 8081,
      description: 'Probes and metrics; it outlives the drain and is never for clients. 0: any free port.',
    },
    PORT,
    'port',
  ),
};

const auth: OptionTable['auth'] = {
  secretFile: optionalFile({
    key: 'BATON_TOKEN_SECRET_FILE',
    description: 'HMAC secret that tokens are verified with. Either this or the public key.',
  }),
  publicKeyFile: optionalFile({
    key: 'BATON_TOKEN_PUBLIC_KEY_FILE',
    description: 'Public key (PEM) that tokens are verified with. Either this or the secret.',
  }),
  issuer: text(
    { key: 'BATON_TOKEN_ISSUER', fallback: 'baton', description: 'The `iss` that a token must have.' },
    /^[\x21-\x7e]{1,256}$/,
    '1 to 256 printable characters',
  ),
  audience: text(
    { key: 'BATON_TOKEN_AUDIENCE', fallback: 'baton', description: 'The `aud` that a token must have.' },
    /^[\x21-\x7e]{1,256}$/,
    '1 to 256 printable characters',
  ),
  algorithms: list(
    {
      key: 'BATON_TOKEN_ALGORITHMS',
      fallback: ['HS256'],
      description:
        'Accepted, and no others: HS256, HS384, HS512 with a secret; RS*, PS*, ES* or EdDSA with a public key.',
    },
    (name) => ALGORITHM.test(name),
    'names of JWT algorithms such as HS256 or EdDSA',
  ),
  resumeKeysFile: file({
    key: 'BATON_RESUME_KEYS_FILE',
    description: 'Keys of resume tokens, one a line, newest first: the first signs, all verify. The same in all pods.',
  }),
  apiKeysFile: optionalFile({
    key: 'BATON_API_KEYS_FILE',
    description:
      'API keys of backends: a JSON array of `{id, tenant, sha256, grants}`. Without it no backend may call.',
  }),
};

const streams: OptionTable['streams'] = {
  windowMs: milliseconds(
    { key: 'BATON_WINDOW_MS', fallback: 600_000, description: 'Replay window: how long a message is kept.' },
    anyTime,
  ),
  windowMessages: whole(
    { key: 'BATON_WINDOW_MESSAGES', fallback: 1_000, description: 'Replay window: messages kept per stream.' },
    COUNT,
  ),
  windowBytes: bytes(
    { key: 'BATON_WINDOW_BYTES', fallback: MIB, description: 'Replay window: bytes kept per stream.' },
    { min: MAX_FRAME_BYTES, max: 1_024 * MIB },
  ),
  appendDeadlineMs: milliseconds(
    {
      key: 'BATON_APPEND_DEADLINE_MS',
      fallback: 8_000,
      description: 'How long a publish is repeated while Redis is away before its publisher is told `unavailable`.',
    },
    upTo(60_000),
  ),
  lateMs: milliseconds(
    {
      key: 'BATON_LATE_MS',
      fallback: 10_000,
      description: 'A publish that reaches Redis later than this after it was read is refused as `late`.',
    },
    upTo(60_000),
  ),
  canaryMs: milliseconds(
    {
      key: 'BATON_CANARY_MS',
      fallback: 2_000,
      description: 'How often a pod checks that its subscriber connection still hears what is published.',
    },
    upTo(60_000),
  ),
};

const sessions: OptionTable['sessions'] = {
  ttlMs: milliseconds(
    {
      key: 'BATON_SESSION_TTL_MS',
      fallback: 900_000,
      description: 'How long a session outlives its last connection. At least two pings + 20 s + the replay window.',
    },
    { min: 1, max: 30 * anyTime.max },
  ),
  sweepMs: milliseconds(
    {
      key: 'BATON_SESSION_SWEEP_MS',
      fallback: 600_000,
      description:
        'Once in this time a pod refreshes what its clients need of Redis even if they say nothing: it claims their ' +
        'sessions again (rows), touches the guards of their publishers, and reads their streams (tops). ' +
        'Two sweeps must fit into session TTL + replay window.',
    },
    anyTime,
  ),
};

const connections: OptionTable['connections'] = {
  helloTimeoutMs: milliseconds(
    { key: 'BATON_HELLO_TIMEOUT_MS', fallback: 5_000, description: 'From the upgrade to `hello`; then 4408.' },
    upTo(60_000),
  ),
  pingMs: milliseconds(
    {
      key: 'BATON_PING_MS',
      fallback: 25_000,
      description:
        'Between pings; a client that says nothing for two of them is dead. Below the idle limit of proxies.',
    },
    upTo(600_000),
  ),
  capacity: whole(
    { key: 'BATON_CAPACITY', fallback: 20_000, description: 'Connections that a pod takes before it answers `busy`.' },
    COUNT,
  ),
  outboundQueueBytes: bytes(
    {
      key: 'BATON_OUTBOUND_QUEUE_BYTES',
      fallback: MIB,
      description: 'Waiting for one client; past it the client catches up from the log.',
    },
    { min: MAX_FRAME_BYTES, max: 64 * MIB },
  ),
  allowedOrigins: list(
    {
      key: 'BATON_ALLOWED_ORIGINS',
      fallback: [],
      description: 'Origins that browsers may come from. Empty: any; there are no cookies, tokens decide.',
    },
    isOrigin,
    'origins such as https://app.example.com',
  ),
  streamsPerSession: whole(
    { key: 'BATON_STREAMS_PER_SESSION', fallback: 128, description: 'Streams that one session may subscribe to.' },
    { min: 1, max: MAX_STREAMS_PER_SESSION },
  ),
};

const pod: OptionTable['pod'] = {
  name: text(
    {
      key: 'BATON_POD_NAME',
      fallback: 'local',
      description: 'Name of this pod, different for each: what appears under one name is taken for one pod restarting.',
    },
    NAME,
    NAME_SHAPE,
  ),
  node: text(
    { key: 'BATON_NODE_NAME', fallback: 'local', description: 'Where the pod runs; for logs and look-ups.' },
    NAME,
    NAME_SHAPE,
  ),
  ip: optionalIp({
    key: 'BATON_POD_IP',
    description:
      'Where other pods reach the port of the probes: a pod that lost Redis asks whether it is the only one. ' +
      'Without it a pod stays ready when it loses Redis.',
  }),
  workload: text(
    {
      key: 'BATON_WORKLOAD',
      fallback: 'local',
      description: 'The Deployment that this pod belongs to: clients move between pods of one workload only.',
    },
    NAME,
    NAME_SHAPE,
  ),
  revision: text(
    {
      key: 'BATON_REVISION',
      fallback: 'local',
      description: 'Revision of the workload (`pod-template-hash`): a drain tells a rollout from a scale-in by it.',
    },
    NAME,
    NAME_SHAPE,
  ),
  advertisedUrl: optionalUrl(
    {
      key: 'BATON_ADVERTISED_URL',
      description: 'Where clients reach this very pod. Without it they come back through the URL that they used.',
    },
    ['ws:', 'wss:'],
  ),
  beatMs: milliseconds(
    { key: 'BATON_BEAT_MS', fallback: 2_000, description: 'How often a pod tells the others how it is.' },
    upTo(60_000),
  ),
  beatTtlMs: milliseconds(
    { key: 'BATON_BEAT_TTL_MS', fallback: 10_000, description: 'A pod that was silent for this long is gone.' },
    upTo(600_000),
  ),
};

const drain: OptionTable['drain'] = {
  graceMs: milliseconds(
    {
      key: 'BATON_DRAIN_GRACE_MS',
      fallback: 150_000,
      description: '`terminationGracePeriodSeconds`: pre-stop + hold + hand-over + close + reserve must fit into it.',
    },
    anyTime,
  ),
  preStopMs: milliseconds(
    { key: 'BATON_DRAIN_PRE_STOP_MS', fallback: 0, description: 'What a preStop hook takes of the grace period.' },
    timeOrNone,
  ),
  holdMs: milliseconds(
    {
      key: 'BATON_DRAIN_HOLD_MS',
      fallback: 90_000,
      description: 'The longest wait for the rest of the new revision, so that each client moves once.',
    },
    timeOrNone,
  ),
  holdStallMs: milliseconds(
    {
      key: 'BATON_DRAIN_HOLD_STALL_MS',
      fallback: 30_000,
      description: 'The hold ends when no pod of the new revision got ready for this long.',
    },
    anyTime,
  ),
  handOverMs: milliseconds(
    { key: 'BATON_DRAIN_HAND_OVER_MS', fallback: 40_000, description: 'For handing all clients over, paced.' },
    timeOrNone,
  ),
  closeMs: milliseconds(
    {
      key: 'BATON_DRAIN_CLOSE_MS',
      fallback: 5_000,
      description: 'For writing out and closing what is left then (1012).',
    },
    anyTime,
  ),
  reserveMs: milliseconds(
    {
      key: 'BATON_DRAIN_RESERVE_MS',
      fallback: 15_000,
      description: 'Kept free between the end of the drain and SIGKILL, for a slow node.',
    },
    timeOrNone,
  ),
  peerReadyMs: milliseconds(
    {
      key: 'BATON_DRAIN_PEER_READY_MS',
      fallback: 3_000,
      description: 'A pod is given clients once it has been ready for this long.',
    },
    timeOrNone,
  ),
  pacePerReceiver: whole(
    {
      key: 'BATON_DRAIN_PACE_PER_RECEIVER',
      fallback: 500,
      description: 'Hand-overs that all draining pods together start per second, for each pod that receives them.',
    },
    { min: 1, max: 100_000 },
  ),
};

const log: OptionTable['log'] = {
  level: oneOf({ key: 'BATON_LOG_LEVEL', fallback: 'info', description: 'JSON lines on stdout from this level on.' }, [
    'debug',
    'info',
    'warn',
    'error',
    'silent',
  ]),
};

export const options: OptionTable = {
  server,
  storage,
  redis,
  auth,
  streams,
  sessions,
  connections,
  limits,
  pod,
  drain,
  kubernetes,
  webhooks,
  log,
};
