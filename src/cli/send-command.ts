import { parseArgs } from 'node:util';
import { parseTarget } from '../messaging/send-target.js';
import { UsageError, type Command } from './command.js';
import { SERVICE_USAGE, serviceFrom, serviceOptions } from './service.js';
import { STREAM_SHAPE, streamArgument } from './stream-argument.js';

export const sendCommand: Command = {
  name: 'send',
  summary: 'send a message, as a backend does',
  usage: `baton send <stream> <json> [--idempotency-key <key>] [--url <url>] [--api-key-file <file>]

  <stream>           ${STREAM_SHAPE}
  <json>             the message; - reads it from standard input. A text is JSON with its quotes: '"hello"'
  --idempotency-key  the same key to the same stream is one message, however often it is sent
${SERVICE_USAGE}

Prints {"offset": ..., "repeated": ...} once the message is in the stream's log.`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...serviceOptions, 'idempotency-key': { type: 'string' } },
    });
    const [stream, json, ...more] = positionals;
    if (json === undefined || more.length > 0) throw new UsageError('a stream and a message are needed, and no more');
    const to = parseTarget(streamArgument(stream));
    const data = jsonOf(json === '-' ? await terminal.input() : json);
    const service = await serviceFrom(values, terminal.env);
    const key = values['idempotency-key'];
    const answer = await service.call(
      'POST',
      '/v1/messages',
      { to, data },
      key === undefined ? {} : { 'idempotency-key': key },
    );
    terminal.print(JSON.stringify(answer));
    return 0;
  },
};

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`the message must be JSON: '{"text": "hello"}', or '"hello"' for a text`);
  }
}
