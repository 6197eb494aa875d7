import { runCli } from '../../../src/cli/run-cli.js';
import type { Environment } from '../../../src/config/load-config.js';

export interface BatonOptions {
  readonly env?: Environment;
  /** Standard input. */
  readonly input?: string;
}

export interface BatonOutcome {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: string;
}

/** A command of the CLI that goes on in this process until it ends by itself or is interrupted. */
export interface RunningBaton {
  readonly out: readonly string[];
  readonly err: readonly string[];
  readonly ended: Promise<BatonOutcome>;
  /** As Ctrl-C does. */
  interrupt(): Promise<BatonOutcome>;
}

export function startBaton(args: readonly string[], { env = {}, input = '' }: BatonOptions = {}): RunningBaton {
  const out: string[] = [];
  const err: string[] = [];
  const interruption = new AbortController();
  const run = runCli(args, {
    ...{ env, isScreen: false, interrupted: interruption.signal, input: () => Promise.resolve(input) },
    print: (line) => out.push(line),
    tell: (line) => err.push(line),
  });
  const ended = run.then((code) => ({ code, out, err: err.join('\n') }));
  return {
    ...{ out, err, ended },
    interrupt: () => {
      interruption.abort();
      return ended;
    },
  };
}

export const baton = (args: readonly string[], env: Environment = {}, input = ''): Promise<BatonOutcome> =>
  startBaton(args, { env, input }).ended;
