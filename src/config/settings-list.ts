import type { Environment } from './load-config.js';
import { allOptions } from './load-config.js';
import type { Option, OptionValue } from './option.js';
import { mayBeShown } from './shown-value.js';

/** One setting as it is, for people. */
export interface Setting {
  readonly key: string;
  /** A secret, and what may hold one by mistake, is only `set` or `unset`; null: nothing, which is a value where the default is none. */
  readonly value: string | null;
  /** null: none. */
  readonly fallback: string | null;
  readonly from: 'environment' | 'default' | 'nowhere';
  /** What isn't valid about it. */
  readonly problem: string | null;
}

/** Every setting there is, in the order of docs/configuration.md; pure. */
export function settingsOf(env: Environment): readonly Setting[] {
  return allOptions().map((option) => settingOf(option, env[option.key] ?? ''));
}

function settingOf(option: Option<OptionValue>, given: string): Setting {
  const { key } = option;
  const fallback = textOf(option.fallback ?? null);
  const isSecret = option.secret === true;
  if (given === '') {
    const isMissing = !('fallback' in option);
    const value = isSecret ? 'unset' : fallback;
    return { key, value, fallback, from: isMissing ? 'nowhere' : 'default', problem: isMissing ? 'is required' : null };
  }
  const parsed = option.schema.safeParse(given);
  const problem = parsed.success ? null : (parsed.error.issues[0]?.message ?? 'is not valid');
  return { key, value: mayBeShown(option, given) ? given : 'set', fallback, from: 'environment', problem };
}

function textOf(value: OptionValue): string | null {
  if (value === null) return null;
  const text = typeof value === 'object' ? value.join(',') : String(value);
  return text === '' ? null : text;
}
