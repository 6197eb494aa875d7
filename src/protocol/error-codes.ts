export interface ErrorCode {
  readonly code: string;
  /** HTTP status of the same error on the HTTP API. */
  readonly status: number;
  /** Temporary errors carry `retryAfterMs`; the others are final for what they answer. */
  readonly temporary: boolean;
  readonly meaning: string;
}

const table = {
  'bad-frame': { status: 400, temporary: false, meaning: 'not a JSON object with the fields of its type' },
  'unknown-type': { status: 400, temporary: false, meaning: 'no frame type of this protocol, or not yet supported' },
  'bad-request': { status: 400, temporary: false, meaning: 'the request does not have the documented shape' },
  'bad-stream': { status: 400, temporary: false, meaning: 'not a stream name' },
  'too-big': { status: 413, temporary: false, meaning: 'data is larger than a message may be' },
  'no-publisher': { status: 400, temporary: false, meaning: '`hello` named no publisher, so nothing can be published' },
  'too-many-streams': { status: 429, temporary: false, meaning: 'more streams than a session may have' },
  'channel-full': { status: 429, temporary: false, meaning: 'as many sessions are in the channel as may be' },
  unauthorized: { status: 401, temporary: false, meaning: 'no credential, or one that is bad or expired' },
  forbidden: { status: 403, temporary: false, meaning: 'the credential has no grant for this' },
  'not-found': { status: 404, temporary: false, meaning: 'missing, or not yours: the two look the same' },
  conflict: { status: 409, temporary: false, meaning: 'another version is stored than the one named' },
  'not-acceptable': { status: 405, temporary: false, meaning: 'this path does not take that method' },
  late: { status: 503, temporary: true, meaning: 'the pod took longer than 10 s to bring this to Redis' },
  'rate-limited': { status: 429, temporary: true, meaning: 'too many of these in too short a time' },
  unavailable: { status: 503, temporary: true, meaning: 'Redis cannot be reached or refuses writes' },
  busy: { status: 503, temporary: true, meaning: 'the pod is overloaded or draining' },
  internal: { status: 500, temporary: false, meaning: 'a fault of the service; the log line has the cause' },
} as const satisfies Record<string, Omit<ErrorCode, 'code'>>;

export type ErrorName = keyof typeof table;

/** The one table of error codes, of frames (`error`, `refused`) and of the HTTP API. */
export const errorCodes: Readonly<Record<ErrorName, ErrorCode>> = Object.fromEntries(
  Object.entries(table).map(([code, row]) => [code, { code, ...row }]),
) as Record<ErrorName, ErrorCode>;

export const isErrorName = (text: unknown): text is ErrorName => typeof text === 'string' && Object.hasOwn(table, text);
