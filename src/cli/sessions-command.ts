import { parseArgs } from 'node:util';
import type { SessionConnection } from '../http/session-connection.js';
import { UsageError, type Command, type Terminal } from './command.js';
import { anyUserOption, countOption, idArgument } from './option-values.js';
import { SERVICE_USAGE, serviceFrom, serviceOptions, type Service } from './service.js';
import { ageOf, tableLines } from './table.js';

interface Page {
  readonly sessions: readonly SessionConnection[];
  readonly next: string | null;
}

const MOST_A_PAGE = 200;
const options = {
  ...serviceOptions,
  user: { type: 'string' },
  limit: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

export const sessionsCommand: Command = {
  name: 'sessions',
  summary: 'list, look up and end sessions',
  usage: `baton sessions list [--user <id>] [--limit <n>] [--json] [--url <url>] [--api-key-file <file>]
baton sessions get <session> [--json]
baton sessions end <session>...
baton sessions end --user <id>

  --user          list, end: all of this user instead of the tenant's, or of those that are named
  --limit         list: at most so many; else all
  --json          one object a line, as the HTTP API has it
${SERVICE_USAGE}

list and get say where a session is connected. Ending one closes its connection (4010) and deletes its data; a client with
a valid token may begin another.`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const [action, ...sessions] = positionals;
    const user = values.user === undefined ? null : anyUserOption(values.user);
    const { json } = values;
    const ids = sessions.map((session) => idArgument('the session', session));
    if (action === 'list' && ids.length === 0) {
      const limit = values.limit === undefined ? Infinity : countOption('--limit', values.limit);
      await list(await serviceFrom(values, terminal.env), user, { limit, json }, terminal);
    } else if (action === 'get' && ids.length === 1 && user === null) {
      const [session = ''] = ids;
      const found = await (await serviceFrom(values, terminal.env)).call('GET', `/v1/sessions/${session}/connection`);
      terminal.print(JSON.stringify(found, null, json ? 0 : 2));
    } else if (action === 'end' && (user === null) === ids.length > 0) {
      await end(await serviceFrom(values, terminal.env), user, ids, terminal);
    } else throw new UsageError('it is: list, get <session>, end <session>..., or end --user <id>');
    return 0;
  },
};

interface Listing {
  readonly limit: number;
  readonly json: boolean;
}

async function list(
  service: Service,
  user: string | null,
  { limit, json }: Listing,
  terminal: Terminal,
): Promise<void> {
  const path = user === null ? '/v1/sessions' : `/v1/users/${encodeURIComponent(user)}/sessions`;
  const rows: SessionConnection[] = [];
  let after: string | null = null;
  let left = limit;
  do {
    const query = new URLSearchParams({ limit: String(Math.min(left, MOST_A_PAGE)) });
    if (after !== null) query.set('after', after);
    const { sessions, next } = (await service.call('GET', `${path}?${query.toString()}`)) as Page;
    if (json) for (const session of sessions) terminal.print(JSON.stringify(session));
    else rows.push(...sessions);
    left -= sessions.length;
    after = next;
  } while (after !== null && left > 0 && !terminal.interrupted.aborted);
  if (json) return;
  const head = ['SESSION', 'USER', 'POD', 'REVISION', 'CONNECTED FOR', 'ATTEMPT'];
  for (const line of tableLines(head, rows.map(cellsOf))) terminal.print(line);
}

function cellsOf({ session, user, pod, connection, attempt }: SessionConnection): readonly string[] {
  const connected = connection === null ? '-' : ageOf(Date.now() - connection.sinceMs);
  return [session, user, pod?.name ?? '-', pod?.revision ?? '-', connected, String(attempt)];
}

async function end(service: Service, user: string | null, ids: readonly string[], terminal: Terminal): Promise<void> {
  if (user !== null) {
    const answer = (await service.call('DELETE', `/v1/users/${encodeURIComponent(user)}/sessions`)) as {
      ended: number;
    };
    terminal.print(`${answer.ended} ended`);
    return;
  }
  for (const session of ids) {
    await service.call('DELETE', `/v1/sessions/${session}`);
    terminal.print(`${session} ended`);
  }
}
