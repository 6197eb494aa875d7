import type { Environment } from '../config/load-config.js';

/** What a command sees of the world. */
export interface Terminal {
  readonly env: Environment;
  /** A line that a script may read. */
  print(line: string): void;
  /** A line for the person in front of it. */
  tell(line: string): void;
}

export interface Command {
  readonly name: string;
  /** One line of the overview. */
  readonly summary: string;
  readonly usage: string;
  run(args: readonly string[], terminal: Terminal): Promise<void>;
}

/** The command was not called as its usage says. */
export class UsageError extends Error {}
