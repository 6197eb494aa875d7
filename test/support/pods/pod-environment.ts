import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apiKeysFile, type ApiKey, randomSecret, type TokenSigner } from '../load/credentials.js';

/** A drain's times; what isn't named here is the product's default. All in ms. */
export interface DrainTimes {
  readonly graceMs: number;
  readonly holdMs: number;
  readonly holdStallMs: number;
  readonly handOverMs: number;
  readonly closeMs: number;
  readonly reserveMs: number;
  readonly peerReadyMs: number;
  readonly pacePerReceiver: number;
}

/** Shorter than in production. A hold ends as soon as the new revision is there: its budget is for a machine that is busy. */
export const quickDrain: DrainTimes = {
  graceMs: 60_000,
  holdMs: 40_000,
  holdStallMs: 20_000,
  handOverMs: 10_000,
  closeMs: 2_000,
  reserveMs: 8_000,
  peerReadyMs: 500,
  pacePerReceiver: 100,
};

/** The files that pods read their secrets from, and what outsiders need to know of them. */
export interface Secrets {
  readonly signer: TokenSigner;
  readonly environment: Readonly<Record<string, string>>;
}

export async function writeSecrets(directory: string, apiKeys: readonly ApiKey[]): Promise<Secrets> {
  await mkdir(directory, { recursive: true });
  const signer = { secret: randomSecret(), issuer: 'baton', audience: 'baton' };
  const files: Readonly<Record<string, string>> = {
    BATON_TOKEN_SECRET_FILE: signer.secret,
    BATON_RESUME_KEYS_FILE: `${randomSecret()}\n`,
    BATON_API_KEYS_FILE: apiKeysFile(apiKeys),
  };
  const environment: Record<string, string> = {};
  for (const [key, text] of Object.entries(files)) {
    environment[key] = join(directory, key.toLowerCase());
    await writeFile(environment[key], text, { mode: 0o600 });
  }
  return { signer, environment };
}

/** Where pods find Redis: a server's URL, or what a topology says about itself. */
export type RedisPlace = { readonly keyPrefix: string } & (
  { readonly url: string } | { readonly environment: Readonly<Record<string, string>> }
);

/** Ports are free ones, beats quicker than in production, so that a rollout of seconds has enough of them. */
export function podEnvironment(redis: RedisPlace, drain: DrainTimes) {
  return {
    NODE_ENV: 'production',
    BATON_HOST: '127.0.0.1',
    BATON_PORT: '0',
    BATON_HEALTH_PORT: '0',
    ...('url' in redis ? { BATON_REDIS_URL: redis.url } : redis.environment),
    BATON_REDIS_KEY_PREFIX: redis.keyPrefix,
    BATON_WORKLOAD: 'baton',
    BATON_BEAT_MS: '500',
    BATON_BEAT_TTL_MS: '3000',
    BATON_DRAIN_GRACE_MS: String(drain.graceMs),
    BATON_DRAIN_HOLD_MS: String(drain.holdMs),
    BATON_DRAIN_HOLD_STALL_MS: String(drain.holdStallMs),
    BATON_DRAIN_HAND_OVER_MS: String(drain.handOverMs),
    BATON_DRAIN_CLOSE_MS: String(drain.closeMs),
    BATON_DRAIN_RESERVE_MS: String(drain.reserveMs),
    BATON_DRAIN_PEER_READY_MS: String(drain.peerReadyMs),
    BATON_DRAIN_PACE_PER_RECEIVER: String(drain.pacePerReceiver),
  };
}
