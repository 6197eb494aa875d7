import type { ExitCode } from '../command.js';

type CheckStatus = 'ok' | 'warn' | 'fail';

/** What was looked at, and what there is to do about it. */
export interface CheckLine {
  readonly status: CheckStatus;
  readonly what: string;
  readonly says: string;
  /** null: nothing. */
  readonly toDo: string | null;
}

export const ok = (what: string, says: string): CheckLine => ({ status: 'ok', what, says, toDo: null });
export const warn = (what: string, says: string, toDo: string): CheckLine => ({ status: 'warn', what, says, toDo });
export const fail = (what: string, says: string, toDo: string): CheckLine => ({ status: 'fail', what, says, toDo });

export function exitCodeOf(lines: readonly CheckLine[]): ExitCode {
  if (lines.some(({ status }) => status === 'fail')) return 2;
  return lines.some(({ status }) => status === 'warn') ? 1 : 0;
}

export function textOf(lines: readonly CheckLine[]): readonly string[] {
  const width = Math.max(...lines.map(({ what }) => what.length));
  return lines.flatMap(({ status, what, says, toDo }) => [
    `${status.padEnd(4)}  ${what.padEnd(width)}  ${says}`,
    ...(toDo === null ? [] : [`${' '.repeat(width + 8)}${toDo}`]),
  ]);
}
