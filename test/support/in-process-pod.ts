import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newApiKey } from '../../src/cli/new-api-key.js';
import { loadConfig } from '../../src/config/load-config.js';
import type { Grant } from '../../src/protocol/grants.js';
import { asTenantId } from '../../src/protocol/ids.js';
import { startPod, type RunningPod } from '../../src/start-pod.js';
import { signToken, type TokenSigner } from './load/credentials.js';
import { podEnvironment, quickDrain, type RedisPlace, writeSecrets } from './pods/pod-environment.js';
import { RawClient } from './raw-client.js';
import { makeTemporaryDirectory } from './temporary-directory.js';

export interface Caller {
  readonly id: string;
  readonly tenant: string;
  readonly grants: readonly Grant[];
}

/** Credentials that several pods of a test share, in files that `remove` deletes. */
export interface Installation {
  readonly environment: Readonly<Record<string, string>>;
  readonly signer: TokenSigner;
  /** `Authorization` of a caller, by id. */
  bearer(id: string): string;
  token(tenant: string, user: string): Promise<string>;
  remove(): Promise<void>;
}

export async function install(redis: RedisPlace, callers: readonly Caller[]): Promise<Installation> {
  const { path: directory, remove } = await makeTemporaryDirectory('test');
  const secrets = await writeSecrets(directory, []);
  const keys = callers.map(({ id, tenant, grants }) => newApiKey(id, asTenantId(tenant), grants));
  const apiKeys = join(directory, 'api-keys.json');
  await writeFile(apiKeys, JSON.stringify(keys.map(({ row }) => row)));
  const byId = new Map(keys.map(({ key, row }) => [row.id, key]));
  return {
    environment: {
      ...podEnvironment(redis, quickDrain),
      ...secrets.environment,
      BATON_API_KEYS_FILE: apiKeys,
      BATON_LOG_LEVEL: 'silent',
    },
    signer: secrets.signer,
    bearer: (id) => `Bearer ${byId.get(id) ?? ''}`,
    token: (tenant, user) => signToken(secrets.signer, tenant, user),
    remove,
  };
}

/** The whole product in this process, on free ports. */
export function startPodHere(
  environment: Readonly<Record<string, string>>,
  name: string,
  more: Readonly<Record<string, string>> = {},
): Promise<RunningPod> {
  const { NODE_ENV: _unused, ...settings } = environment;
  return startPod(loadConfig({ ...settings, BATON_POD_NAME: name, ...more }));
}

export interface Joined {
  readonly client: RawClient;
  readonly session: string;
}

/** A client that said `hello` and was welcomed, with these streams from now on. */
export async function joinAs(port: number, token: string, streams: readonly string[] = []): Promise<Joined> {
  const client = await RawClient.open(`ws://127.0.0.1:${port}/v1/connect`);
  const positions = Object.fromEntries(streams.map((stream) => [stream, null]));
  client.send({ type: 'hello', attempt: 1, token, streams: positions, can: ['overlap'], hops: 0 });
  const { session } = await client.next('welcome');
  for (const _stream of streams) await client.next('subscribed');
  return { client, session };
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** One request with a JSON body, on a connection of its own so that none is left behind. */
export async function call(
  port: number,
  method: string,
  path: string,
  { bearer, body, headers = {} }: CallOptions = {},
): Promise<HttpAnswer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: {
      connection: 'close',
      ...(bearer === undefined ? {} : { authorization: bearer }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}

export interface CallOptions {
  readonly bearer?: string;
  /** Text is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
