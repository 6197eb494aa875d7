import { parseArgs } from 'node:util';
import type { Client, ClientError, Message } from '../client/index.js';
import { asEntryId, isEntryId } from '../protocol/ids.js';
import type { Position } from '../protocol/position.js';
import type { StreamName } from '../protocol/stream-name.js';
import { CommandFailure, UsageError, type Command, type Terminal } from './command.js';
import { countOption } from './option-values.js';
import { SERVICE_USAGE, serviceFrom, serviceOptions } from './service.js';
import { STREAM_SHAPE, streamArgument } from './stream-argument.js';

export const tailCommand: Command = {
  name: 'tail',
  summary: 'show the messages of a stream as they come',
  usage: `baton tail <stream> [--from <offset>:<id>] [--count <n>] [--json] [--url <url>] [--api-key-file <file>]

  <stream>        ${STREAM_SHAPE}
  --from          after this message, as --json prints offset and id, instead of from now on
  --count         ends after so many messages
  --json          one object a line: {"stream", "offset", "id", "data"}
${SERVICE_USAGE}

It is a client of its own, which comes back by itself when a connection or a pod is lost, and skips nothing: if messages
that it has missed are no longer kept, it says so on stderr. Ctrl-C ends it, with 0.`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...serviceOptions,
        from: { type: 'string' },
        count: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    if (positionals.length !== 1) throw new UsageError('one stream is needed');
    const stream = streamArgument(positionals[0]);
    const from = values.from === undefined ? null : positionOption(values.from);
    const count = values.count === undefined ? Infinity : countOption('--count', values.count);
    const service = await serviceFrom(values, terminal.env);
    const { connect, ClientError: Failure } = await import('../client/index.js');
    const client = connect({ url: service.url.href.replace(/^http/, 'ws'), token: service.apiKey, storage: null });
    try {
      await follow(client, { stream, from, count, show: values.json ? asJson(stream) : asText }, terminal);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw failureOf(error);
    } finally {
      await client.close();
    }
    return 0;
  },
};

interface Following {
  readonly stream: StreamName;
  readonly from: Position | null;
  readonly count: number;
  readonly show: (message: Message) => string;
}

async function follow(client: Client, { stream, from, count, show }: Following, terminal: Terminal): Promise<void> {
  client.on('state', ({ kind }) => {
    if (kind === 'waiting') terminal.tell('baton tail: not connected; trying again');
  });
  client.on('reset', ({ reason }) => {
    terminal.tell(`baton tail: messages were missed for good (${reason})`);
  });
  client.on('error', (error) => {
    terminal.tell(`baton tail: ${error.code}: ${error.message}`);
  });
  const subscription = client.subscribe(stream, null, from === null ? {} : { from });
  const end = (): void => {
    subscription.close();
  };
  if (terminal.interrupted.aborted) end();
  terminal.interrupted.addEventListener('abort', end);
  let left = count;
  for await (const message of subscription) {
    terminal.print(show(message));
    left -= 1;
    if (left === 0) break;
  }
}

const asJson =
  (stream: StreamName) =>
  ({ offset, id, data }: Message): string =>
    JSON.stringify({ stream, offset, id, data });
const asText = ({ offset, data }: Message): string => `${offset}  ${JSON.stringify(data)}`;

function positionOption(value: string): Position {
  const [, offset, id] = /^(\d{1,15}):(.+)$/.exec(value) ?? [];
  if (!isEntryId(id)) throw new UsageError('--from must be <offset>:<id>, as --json prints them');
  return { offset: Number(offset), id: asEntryId(id) };
}

const failureOf = ({ code, message }: ClientError): CommandFailure =>
  new CommandFailure(`${code}: ${message}`, code === 'unavailable' || code === 'busy' ? 3 : 1);
