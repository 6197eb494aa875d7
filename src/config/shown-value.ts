import type { Option, OptionValue } from './option.js';

/** What is a path beyond doubt: a password that was put where its file belongs begins otherwise. */
const PATH = /^(\.{0,2}|~)\//;
/** Kinds of which a wrong value may be anything; a wrong number or word is a slip, which is easier found when it is seen. */
const FREE: ReadonlySet<string> = new Set(['text', 'list', 'URL']);

/**
 * Whether a value that somebody has given may be printed. Not where it may hold a password that belongs elsewhere:
 * operators put the URL of Redis where only hosts belong, and a password where its file does.
 */
export function mayBeShown({ secret, kind, schema }: Option<OptionValue>, given: string): boolean {
  if (secret === true || given.includes('@')) return false;
  if (kind === 'file') return PATH.test(given);
  return !FREE.has(kind) || schema.safeParse(given).success;
}
