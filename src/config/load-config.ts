import type { Config, Settings } from './config.js';
import { contradictions, type Problem } from './contradictions.js';
import type { Option, OptionValue } from './option.js';
import { options } from './options.js';
import { redisConfigOf } from './redis-config.js';
import { mayBeShown } from './shown-value.js';

/** Everything that is wrong with the environment, at once: each problem with the variables that it is about. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(({ keys, problem }) => `${keys.join(', ')}: ${problem}`).join('\n'));
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'BATON_';
/** What the commands of the CLI read, and `baton dev` prints: no settings of a pod, and no mistake beside them. */
const FOR_COMMANDS: ReadonlySet<string> = new Set(['BATON_URL', 'BATON_API_KEY', 'BATON_TOKEN']);
/** What Kubernetes puts into every pod for a Service called "baton". */
const SERVICE_LINK = /^BATON_(SERVICE_|PORT_|.*_SERVICE_(HOST|PORT)|.*_PORT(_|$))/;

/**
 * Environment to frozen tree; pure: files are read by those who need what is in them. An empty variable counts as not
 * set. Throws ConfigError.
 */
export function loadConfig(env: Environment): Config {
  const problems: Problem[] = [...unknownKeys(env)];
  const sections = Object.entries(options).map(([section, fields]) => {
    const values = Object.entries(fields as Readonly<Record<string, Option<OptionValue>>>).map(([field, option]) => [
      field,
      valueOf(option, env, problems),
    ]);
    return [section, Object.freeze(Object.fromEntries(values) as object)];
  });
  // The type of the table promises a value of the right type for every leaf, unless there is a problem.
  const settings = Object.fromEntries(sections) as Settings;
  problems.push(...contradictions(settings, new Set(problems.flatMap(({ keys }) => keys))));
  if (problems.length > 0) throw new ConfigError(problems);
  const { storage, redis } = settings;
  return Object.freeze({ ...settings, storage: storage.kind, redis: Object.freeze(redisConfigOf(redis)) });
}

/** Some fields of one section, for a command that needs no more and takes the rest as it comes. Throws ConfigError. */
export function loadFields<Section extends keyof Settings, Field extends keyof Settings[Section] & string>(
  env: Environment,
  section: Section,
  fields: readonly Field[],
): Pick<Settings[Section], Field> {
  const problems: Problem[] = [];
  const table = options[section] as Readonly<Record<string, Option<OptionValue> | undefined>>;
  const values = fields.map((field) => {
    const option = table[field];
    return [field, option && valueOf(option, env, problems)];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(Object.fromEntries(values)) as Pick<Settings[Section], Field>;
}

function valueOf(option: Option<OptionValue>, env: Environment, problems: Problem[]): OptionValue | undefined {
  const given = env[option.key] ?? '';
  if (given === '') {
    if (!('fallback' in option)) problems.push({ keys: [option.key], problem: 'is required' });
    return frozen(option.fallback);
  }
  const parsed = option.schema.safeParse(given);
  if (parsed.success) return frozen(parsed.data);
  const [issue] = parsed.error.issues;
  const shown = mayBeShown(option, given) ? `, not ${JSON.stringify(given.slice(0, 60))}` : '';
  problems.push({ keys: [option.key], problem: `${issue?.message ?? 'is not valid'}${shown}` });
  return undefined;
}

const frozen = (value: OptionValue | undefined): OptionValue | undefined =>
  typeof value === 'object' && value !== null ? Object.freeze([...value]) : value;

function unknownKeys(env: Environment): readonly Problem[] {
  const known = new Set(allOptions().map(({ key }) => key));
  return Object.keys(env)
    .filter((key) => key.startsWith(PREFIX) && !known.has(key) && !FOR_COMMANDS.has(key))
    .sort()
    .map((key) => ({
      keys: [key],
      problem: SERVICE_LINK.test(key)
        ? 'is no setting; it looks like a service link of Kubernetes: set enableServiceLinks to false'
        : 'is no setting; docs/configuration.md lists all of them',
    }));
}

/** In the order of the documentation. */
export function allOptions(): readonly Option<OptionValue>[] {
  return Object.values(options).flatMap((fields) => Object.values(fields) as Option<OptionValue>[]);
}
