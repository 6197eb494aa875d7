import { text } from 'node:stream/consumers';
import type { Terminal } from './command.js';

/** The terminal, or the pipes, that this process was started with. */
export function processTerminal(host: NodeJS.Process): Terminal {
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
      return (interrupted ??= signalOf(host));
    },
    print: (line) => host.stdout.write(`${line}\n`),
    tell: (line) => host.stderr.write(`${line}\n`),
    input: () => text(host.stdin),
  };
}

/** A second signal doesn't wait for anything. */
function signalOf(host: NodeJS.Process): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    host.once(name, () => {
      controller.abort();
      host.once(name, () => host.exit(name === 'SIGINT' ? 130 : 143));
    });
  return controller.signal;
}
