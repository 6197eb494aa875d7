import { parseArgs } from 'node:util';
import type { Config } from '../config/config.js';
import { ConfigError, loadConfig, type Environment } from '../config/load-config.js';
import { systemClock } from '../lib/clock.js';
import { exitCodeOf, fail, ok, textOf, warn, type CheckLine } from './check/check-line.js';
import { asTenantId, asUserId } from '../protocol/ids.js';
import { UsageError, type Command } from './command.js';
import { apiKeyFrom, SERVICE_USAGE, serviceOptions, serviceUrl, type ServiceValues } from './service.js';

const CHECK_TENANT = asTenantId('baton-check');

export const checkCommand: Command = {
  name: 'check',
  summary: 'look whether Redis, key files and limits are as a pod needs them, or whether a service works',
  usage: `baton check [--json]
baton check --service [--json] [--url <url>] [--api-key-file <file>]

  --json          one object a line: {"status", "what", "says", "toDo"}
  --service       of a running service instead: connects as a client, publishes, loses its connection on purpose and goes
                  on, with the message that was published meanwhile. It needs an API key that may subscribe and publish
                  to channel:baton-check-*, or BATON_TOKEN_SECRET_FILE as a pod has it, to sign a token of the tenant
                  ${CHECK_TENANT}. What it publishes is gone with the replay window
${SERVICE_USAGE}

With the settings of a pod, from where it is run: Redis can be reached, is 7.0 or newer, evicts nothing, keeps what it is
told, takes writes, has the replicas that are waited for, its clock agrees, and its user may do what a pod needs; key files
and the file of webhooks can be read; the process may open enough files. It changes nothing. A line is ok, warn or fail,
with what to do; it ends with 0 if all are ok, 1 if there are warnings, 2 if something has to be mended.`,

  async run(args, terminal) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...serviceOptions,
        json: { type: 'boolean', default: false },
        service: { type: 'boolean', default: false },
      },
    });
    if (!values.service && (values.url ?? values['api-key-file']) !== undefined)
      throw new UsageError('--url and --api-key-file go with --service');
    const lines = values.service ? await checkService(values, terminal.env) : await check(terminal.env);
    for (const text of values.json ? lines.map((line) => JSON.stringify(line)) : textOf(lines)) terminal.print(text);
    return exitCodeOf(lines);
  },
};

async function checkService(values: ServiceValues, env: Environment): Promise<readonly CheckLine[]> {
  const { serviceChecks } = await import('./check/service-checks.js');
  return serviceChecks(serviceUrl(values, env), await credential(values, env), systemClock);
}

/** An API key, else a token as pods with the same key file believe it. */
async function credential(values: ServiceValues, env: Environment): Promise<string> {
  const apiKey = await apiKeyFrom(values, env);
  if (apiKey !== null) return apiKey;
  if ((env['BATON_TOKEN_SECRET_FILE'] ?? '') === '')
    throw new UsageError('a credential is needed: BATON_API_KEY, --api-key-file, or BATON_TOKEN_SECRET_FILE');
  const { signTokenFor } = await import('./token-command.js');
  const grants = [{ stream: 'channel:baton-check-*', can: ['subscribe', 'publish'] as const }];
  return signTokenFor({ tenant: CHECK_TENANT, user: asUserId('baton-check'), grants, ttlSeconds: 300 }, env);
}

async function check(env: Environment): Promise<readonly CheckLine[]> {
  const loaded = configOf(env);
  if (loaded.settings === null) return loaded.problems;
  const { settings } = loaded;
  const [{ fileChecks }, { descriptorCheck }] = await Promise.all([
    import('./check/file-checks.js'),
    import('./check/machine-checks.js'),
  ]);
  return [
    ok('configuration', 'valid'),
    ...(await fileChecks(settings)),
    await descriptorCheck(settings.connections.capacity),
    ...(await storageChecks(settings)),
  ];
}

type Loaded = { readonly settings: Config } | { readonly settings: null; readonly problems: readonly CheckLine[] };

function configOf(env: Environment): Loaded {
  try {
    return { settings: loadConfig(env) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.map(({ keys, problem }) =>
      fail(
        'configuration',
        `${keys.join(', ')}: ${problem}`,
        'a pod would not start; `baton config` shows all settings',
      ),
    );
    return { settings: null, problems };
  }
}

async function storageChecks({ storage, redis }: Config): Promise<readonly CheckLine[]> {
  if (storage === 'memory')
    return [
      warn('storage', 'memory: everything is gone with the process', 'only for development: set BATON_STORAGE=redis'),
    ];
  const [{ inspectRedis }, { redisChecks }] = await Promise.all([
    import('../redis/redis-inspection.js'),
    import('./check/redis-checks.js'),
  ]);
  try {
    const facts = await inspectRedis(redis, systemClock);
    return facts.flatMap((each) => redisChecks(each, redis));
  } catch (error) {
    return [fail('redis', reasonOf(error), 'look at its address, its port, network policies, user and password')];
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
