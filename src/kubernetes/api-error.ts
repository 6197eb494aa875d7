/** An answer of the API server that isn't a success; `status` null: there was none, or one that can't be read. */
export class ApiError extends Error {
  constructor(
    readonly status: number | null,
    message: string,
    options?: { readonly cause?: unknown; readonly retryAfterMs?: number | null },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.retryAfterMs = options?.retryAfterMs ?? null;
  }
  /** What its header `Retry-After` says. */
  readonly retryAfterMs: number | null;
}

/** Seconds, as the API server says it; null for a date or nonsense. */
export function retryAfterMs(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1_000 : null;
}
