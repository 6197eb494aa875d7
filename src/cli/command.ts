import type { Environment } from '../config/load-config.js';

/** What a command sees of the world. */
export interface Terminal {
  readonly env: Environment;
  /** Whether somebody watches what is printed: a table may be written over the one before. */
  readonly isScreen: boolean;
  /** Aborted by Ctrl-C or SIGTERM: what goes on until then ends itself. Whoever never asks ends at once. */
  readonly interrupted: AbortSignal;
  /** A line that a script may read. */
  print(line: string): void;
  /** A line for the person in front of it. */
  tell(line: string): void;
  /** All of standard input. */
  input(): Promise<string>;
}

/** What a process of the CLI may end with, and what it means; docs/cli.md has the table. */
export const exitCodes = {
  0: 'done',
  1: 'it could not be done; the reason is on stderr. `check`: there are warnings',
  2: 'not called as the usage says. `check`: something has to be mended',
  3: 'the service, or Redis, cannot be reached, or is not available now: trying again may help',
} as const;
export type ExitCode = keyof typeof exitCodes;

export interface Command {
  readonly name: string;
  /** One line of the overview. */
  readonly summary: string;
  readonly usage: string;
  run(args: readonly string[], terminal: Terminal): Promise<ExitCode>;
}

/** The command was not called as its usage says. */
export class UsageError extends Error {}

/** It could not be done, for a reason that needs no stack trace. */
export class CommandFailure extends Error {
  constructor(
    message: string,
    readonly exitCode: 1 | 3 = 1,
  ) {
    super(message);
  }
}
