import { errorCodes, type ErrorName } from '../protocol/error-codes.js';

/** The one error class that crosses rooms; its code is a row of the error table. */
export class BatonError extends Error {
  constructor(
    readonly code: ErrorName,
    message?: string,
    options?: { readonly cause?: unknown; readonly retryAfterMs?: number },
  ) {
    super(message ?? errorCodes[code].meaning, options?.cause === undefined ? undefined : { cause: options.cause });
    this.retryAfterMs = options?.retryAfterMs ?? (errorCodes[code].temporary ? 500 : undefined);
  }
  /** Present exactly on temporary errors. */
  readonly retryAfterMs: number | undefined;
}
