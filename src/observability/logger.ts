import { pino } from 'pino';

/** Takes each line, with its line break. */
export interface LogDestination {
  write(line: string): void;
}

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

/** A cause of a cause and so on may lead back to the beginning. */
const CAUSES = 5;

/** JSON lines on stdout unless there is another destination, `level` as a word. An `error` field is written with its stack and causes. */
export function createLogger(options: LoggerOptions, destination?: LogDestination): Logger {
  const sink = pino(
    {
      level: options.level,
      base: options.base,
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: (error: unknown) => describe(error, CAUSES) },
    },
    destination,
  );
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') => (event: string, fields?: Readonly<Record<string, unknown>>) => {
      sink[level](fields ?? {}, event);
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/**
 * Never an error's own properties: the Redis library keeps the refused command in them, which may be AUTH with the password.
 */
function describe(error: unknown, causes: number): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const { name, message, stack, code, cause, errors } = error as Partial<AggregateError> & { readonly code?: unknown };
  return {
    type: name,
    message,
    stack,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(cause === undefined || causes === 0 ? {} : { cause: describe(cause, causes - 1) }),
    ...(!errors || causes === 0 ? {} : { errors: errors.map((each) => describe(each, causes - 1)) }),
  };
}
