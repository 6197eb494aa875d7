import { text } from 'node:stream/consumers';
import { systemClock, type Clock } from '../lib/clock.js';
import type { Terminal } from './command.js';

/** The terminal, or the pipes, that this process was started with. */
export function processTerminal(host: NodeJS.Process, clock: Clock = systemClock): Terminal {
  let interrupted: AbortSignal | undefined;
  for (const stream of [host.stdout, host.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // Whoever reads has seen enough, as `| head` has: no reason to complain.
      host.exit(error.code === 'EPIPE' ? 0 : 1);
    });
  return {
    env: host.env,
    isScreen: host.stdout.isTTY,
    get interrupted() {
      return (interrupted ??= signalOf(host, clock));
    },
    print: (line) => host.stdout.write(`${line}\n`),
    tell: (line) => host.stderr.write(`${line}\n`),
    input: () => text(host.stdin),
  };
}

/** npm passes on the Ctrl-C that the terminal has told its program of already: what comes that soon is no second one. */
const SAME_SIGNAL_MS = 500;

/** A second signal doesn't wait for anything. */
function signalOf(host: NodeJS.Process, clock: Clock): AbortSignal {
  const controller = new AbortController();
  let firstAtMs: number | null = null;
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    host.on(name, () => {
      firstAtMs ??= clock.monotonic();
      controller.abort();
      if (clock.monotonic() - firstAtMs > SAME_SIGNAL_MS) host.exit(code);
    });
  return controller.signal;
}
