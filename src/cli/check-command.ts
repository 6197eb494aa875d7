import { parseArgs } from 'node:util';
import type { Config } from '../config/config.js';
import { ConfigError, loadConfig, type Environment } from '../config/load-config.js';
import { systemClock } from '../lib/clock.js';
import { exitCodeOf, fail, ok, textOf, warn, type CheckLine } from './check/check-line.js';
import type { Command } from './command.js';

export const checkCommand: Command = {
  name: 'check',
  summary: 'look whether Redis, key files and limits are as a pod needs them',
  usage: `baton check [--json]

  --json  one object a line: {"status", "what", "says", "toDo"}

With the settings of a pod, from where it is run: Redis can be reached, is 7.0 or newer, evicts nothing, keeps what it is
told, takes writes, has the replicas that are waited for, its clock agrees, and its user may do what a pod needs; key files
and the file of webhooks can be read; the process may open enough files. It changes nothing. A line is ok, warn or fail,
with what to do; it ends with 0 if all are ok, 1 if there are warnings, 2 if something has to be mended.`,

  async run(args, terminal) {
    const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean', default: false } } });
    const lines = await check(terminal.env);
    for (const text of values.json ? lines.map((line) => JSON.stringify(line)) : textOf(lines)) terminal.print(text);
    return exitCodeOf(lines);
  },
};

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
