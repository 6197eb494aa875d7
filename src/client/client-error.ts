import type { ErrorName } from '../protocol/error-codes.js';

/** What can go wrong on the client's own side. */
export type ClientErrorName =
  /** The client was closed, or stopped, before this could be done. */
  | 'closed'
  /** It was sent, and nobody can tell any more whether it is in the log. */
  | 'outcome-unknown'
  /** More publishes wait for their answer than `maxUnsettled` allows. */
  | 'too-many-unsettled'
  /** Stopped, 4500: somebody else holds the session. */
  | 'session-taken'
  /** Stopped, 4503: the tenant or the account is suspended. */
  | 'suspended'
  /** Stopped, 4529: the tenant's quota is used up. */
  | 'quota'
  /** Stopped, 1002, 1003, 1007 or 1009: client and service don't understand each other. */
  | 'protocol'
  /** Stopped by a close code from 4500 on that this client doesn't know. */
  | 'stopped'
  /** The application's token function failed, or took too long. */
  | 'no-token'
  /** A callback of the application threw; see `cause`. */
  | 'callback';

/**
 * Everything that the client rejects with, throws or tells. `code` is a row of the table of error codes, or one of the
 * client's own; an unknown one comes from a newer service.
 */
export class ClientError extends Error {
  constructor(
    /** What went wrong: decide by this, not by the message. */
    readonly code: ClientErrorName | ErrorName | (string & {}),
    message: string,
    options?: { readonly cause?: unknown; readonly closeCode?: number },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ClientError';
    this.closeCode = options?.closeCode;
  }
  /** The close code that stopped the client, if one did. */
  readonly closeCode: number | undefined;
}

/** `bad-stream`, also of a channel's name. */
export const badName = (name: unknown, of: 'stream' | 'channel'): ClientError =>
  new ClientError('bad-stream', `${JSON.stringify(name)} is no ${of} name`);
