/** What can go wrong besides the service's own answers. */
export type BackendErrorName =
  /** No answer: the network, the name, or the time that a call may take. */
  | 'unreachable'
  /** `read` only: messages after the position are gone; load the state again and read on from `after`. */
  | 'reset';

/** A call that failed for good, after the tries that it was worth. */
export class BackendError extends Error {
  constructor(
    /** A row of the table of error codes, or one of the helper's own; an unknown one comes from a newer service. */
    readonly code: BackendErrorName | (string & {}),
    message: string,
    /** HTTP status; 0 if there was no answer. */
    readonly status: number,
    options: { readonly cause?: unknown; readonly retryAfterMs?: number; readonly after?: string } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BackendError';
    this.retryAfterMs = options.retryAfterMs;
    this.after = options.after;
  }
  /** Set if it is temporary: when it may be tried again, in ms. */
  readonly retryAfterMs: number | undefined;
  /** Of a `reset`: where the stream goes on. */
  readonly after: string | undefined;
}
