import type { Settings } from './config.js';
import { redisChecks, type Check } from './redis-contradictions.js';

export interface Problem {
  /** The variables that it is about. */
  readonly keys: readonly string[];
  /** Completes the sentence that begins with them. */
  readonly problem: string;
}

/** The longest backoff of a client (docs/protocol.md): a session must outlive it. */
const LONGEST_BACKOFF_MS = 20_000;

/** Values that are each possible and together are not. */
const checks: readonly Check[] = [
  ...redisChecks,
  {
    keys: ['BATON_TOKEN_SECRET_FILE', 'BATON_TOKEN_PUBLIC_KEY_FILE'],
    check: ({ auth }) =>
      (auth.secretFile === null) === (auth.publicKeyFile === null) ? 'exactly one of the two must be set' : null,
  },
  {
    // A token checked with the wrong kind of key is the oldest hole in JWT: a public key taken for an HMAC secret.
    keys: ['BATON_TOKEN_ALGORITHMS', 'BATON_TOKEN_SECRET_FILE', 'BATON_TOKEN_PUBLIC_KEY_FILE'],
    check: ({ auth }) => {
      if ((auth.secretFile === null) === (auth.publicKeyFile === null)) return null;
      const wrong = auth.algorithms.filter((name) => name.startsWith('HS') !== (auth.secretFile !== null));
      return wrong.length === 0 ? null : `${wrong.join(', ')} can't be verified with a ${keyKind(auth)}`;
    },
  },
  {
    keys: ['BATON_SESSION_TTL_MS', 'BATON_PING_MS', 'BATON_WINDOW_MS'],
    check: ({ sessions, connections, streams }) => {
      const least = 2 * connections.pingMs + LONGEST_BACKOFF_MS + streams.windowMs;
      if (sessions.ttlMs >= least) return null;
      return (
        `the session TTL must be at least two pings + 20 s + the window = ${least} ms, not ${sessions.ttlMs}: ` +
        'a session would end before its client can be back'
      );
    },
  },
  {
    keys: ['BATON_SESSION_SWEEP_MS', 'BATON_SESSION_TTL_MS', 'BATON_WINDOW_MS'],
    check: ({ sessions, streams }) => {
      const most = Math.floor((sessions.ttlMs + streams.windowMs) / 2);
      if (sessions.sweepMs <= most) return null;
      return (
        `two sweeps must fit into the session TTL + the window: at most ${most} ms each, not ${sessions.sweepMs}: ` +
        'what a silent client needs would expire before it is refreshed'
      );
    },
  },
  {
    keys: [
      'BATON_DRAIN_GRACE_MS',
      'BATON_DRAIN_PRE_STOP_MS',
      'BATON_DRAIN_HOLD_MS',
      'BATON_DRAIN_HAND_OVER_MS',
      'BATON_DRAIN_CLOSE_MS',
      'BATON_DRAIN_RESERVE_MS',
    ],
    check: ({ drain }) => {
      const needed = drain.preStopMs + drain.holdMs + drain.handOverMs + drain.closeMs + drain.reserveMs;
      if (needed <= drain.graceMs) return null;
      return (
        `pre-stop + hold + hand-over + close + reserve = ${needed} ms, which doesn't fit into the grace period of ` +
        `${drain.graceMs} ms: the drain would end in SIGKILL`
      );
    },
  },
  {
    keys: ['BATON_KUBERNETES', 'BATON_KUBERNETES_NAMESPACE'],
    check: ({ kubernetes }) =>
      kubernetes.enabled === 'true' && kubernetes.namespace === null
        ? 'a pod that asks the API server must know its namespace'
        : null,
  },
  {
    keys: ['BATON_WEBHOOKS_GRACE_MS', 'BATON_SESSION_TTL_MS'],
    check: ({ webhooks, sessions }) => {
      if (webhooks.file === null || webhooks.graceMs < sessions.ttlMs) return null;
      return (
        `the grace must be below the session TTL of ${sessions.ttlMs} ms, not ${webhooks.graceMs} ms: ` +
        'a session would be gone before anybody is told that it is disconnected'
      );
    },
  },
  {
    keys: ['BATON_APPEND_DEADLINE_MS', 'BATON_LATE_MS'],
    check: ({ streams }) =>
      streams.appendDeadlineMs < streams.lateMs
        ? null
        : "the append deadline must be below the age at which a publish is late: the pod's own repeats would be",
  },
  {
    keys: ['BATON_BEAT_TTL_MS', 'BATON_BEAT_MS'],
    check: ({ pod }) =>
      pod.beatTtlMs >= 3 * pod.beatMs ? null : 'a pod must be allowed to miss two beats: the TTL is below three beats',
  },
  {
    keys: ['BATON_PORT', 'BATON_HEALTH_PORT'],
    check: ({ server }) =>
      server.port !== 0 && server.port === server.healthPort ? 'must be two different ports' : null,
  },
];

const keyKind = (auth: Settings['auth']): string => (auth.secretFile === null ? 'public key' : 'secret');

/** `broken`: variables without a value of their type; what depends on them isn't looked at. */
export function contradictions(settings: Settings, broken: ReadonlySet<string>): readonly Problem[] {
  return checks.flatMap(({ keys, check }) => {
    if (keys.some((key) => broken.has(key))) return [];
    const problem = check(settings);
    return problem === null ? [] : [{ keys, problem }];
  });
}
