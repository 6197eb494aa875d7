import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CommandFailure, type Command, type Terminal } from './command.js';
import type { DevOptions, RunningDev } from './dev/start-dev.js';
import { portOption, tenantOption, userOption } from './option-values.js';

export const devCommand: Command = {
  name: 'dev',
  summary: 'run Baton in one process, without Redis, with a page to try it',
  usage: `baton dev [--port 8080] [--page <file>] [--tenant development] [--user ada] [--json]

  --port    for everything: page, API and WebSockets; 0: any free one
  --page    your own page instead of the built-in one, read again at each request; it may import /baton.js, the SDK,
            and finds a token in location.hash
  --tenant  of all credentials
  --user    whom the printed token is for
  --json    prints one line of JSON: url, page, tenant, user, token, apiKey

Everything is kept in the memory of this process and gone with it; the keys are made anew each time. It listens on
127.0.0.1 only, because the page hands out credentials to whoever can open it, and answers only to localhost and its
addresses: not to a name that leads here, and no socket to a page from elsewhere, unless BATON_ALLOWED_ORIGINS names it.
Prints variables that curl and the other commands use; the log is on stderr. Settings of a pod hold (BATON_WINDOW_MS,
BATON_WEBHOOKS_FILE and so on), those of Redis and of keys don't. Ctrl-C ends it.`,

  async run(args, terminal) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '8080' },
        page: { type: 'string' },
        tenant: { type: 'string', default: 'development' },
        user: { type: 'string', default: 'ada' },
        json: { type: 'boolean', default: false },
      },
    });
    const options = {
      port: portOption(values.port),
      tenant: tenantOption(values.tenant),
      user: userOption(values.user),
      env: terminal.env,
      ...(values.page === undefined ? {} : { pageFile: resolve(values.page) }),
    };
    // Asked for now, so that a signal during the start removes what the start has made.
    const { interrupted } = terminal;
    const dev = await start(options, terminal);
    await introduce(dev, terminal, values.json);
    await untilInterrupted(interrupted);
    await dev.close();
    return 0;
  },
};

/** A port that is taken needs one sentence, and not the log of a start that failed. */
async function start(options: DevOptions, terminal: Terminal): Promise<RunningDev> {
  const { startDev } = await import('./dev/start-dev.js');
  const early: string[] = [];
  let tell = (line: string): void => void early.push(line);
  const goOn = (): void => {
    tell = (line) => {
      terminal.tell(line.trimEnd());
    };
    for (const line of early.splice(0)) tell(line);
  };
  const log = (line: string): void => {
    tell(line);
  };
  try {
    const dev = await startDev({ ...options, log });
    goOn();
    return dev;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
      throw new CommandFailure(`port ${options.port} is taken; --port takes another`);
    goOn();
    throw error;
  }
}

async function introduce(dev: RunningDev, terminal: Terminal, asJson: boolean): Promise<void> {
  const { url, tenant, user, apiKey } = dev;
  const token = await dev.token();
  const page = `${url}/#${token}`;
  if (asJson) {
    terminal.print(JSON.stringify({ url, page, tenant, user, token, apiKey }));
    return;
  }
  terminal.print(`Baton is running, with everything in its memory. Ctrl-C ends it.

  page to try it   ${page}

For curl, and for \`baton send\`, \`tail\` and \`sessions\` in another terminal (tenant ${tenant}, user ${user}):

export BATON_URL=${url}
export BATON_API_KEY=${apiKey}
export BATON_TOKEN=${token}
`);
}

function untilInterrupted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
