import { pino, type DestinationStream } from 'pino';

/** Logs are event names with fields: `session.resumed {tenantId, sessionId}`. */
export interface Logger {
  debug(event: string, fields?: Readonly<Record<string, unknown>>): void;
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
}

export const LOGGER = Symbol('Logger');

export interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Fields of every line: pod, node, revision. */
  readonly base: Readonly<Record<string, string>>;
}

/** JSON lines on stdout, `level` as a word. An `error` field is written with its stack and causes. */
export function createLogger(options: LoggerOptions, destination?: DestinationStream): Logger {
  const sink = pino(
    {
      level: options.level,
      base: options.base,
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    destination,
  );
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') => (event: string, fields?: Readonly<Record<string, unknown>>) => {
      sink[level](fields ?? {}, event);
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
