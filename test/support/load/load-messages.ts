import type { TokenSigner } from './credentials.js';

/** What a process full of clients is told at its start, as JSON in its first argument. */
export interface LoadOptions {
  /** Names of clients, users and rooms begin with it: different for each process. */
  readonly name: string;
  /** ws: URL of the service. */
  readonly url: string;
  readonly tenant: string;
  readonly clients: number;
  readonly signer: TokenSigner;
  /** What each client publishes per second, in turn to its own channel and to its room. */
  readonly perSecond: number;
  /** Clients that share a room. */
  readonly roomSize: number;
  /** What the clients see is written here: the judge reads it. */
  readonly logFile: string;
  /** Delays before a client resumes; the SDK's own by default. */
  readonly backoff?: { readonly baseMs: number; readonly maxMs: number };
}

export type LoadCommand =
  /** Begin to publish, or go on. */
  | { readonly kind: 'publish' }
  /** Publish nothing more; what is under way goes on. */
  | { readonly kind: 'quiet' }
  /** Say `hello` in the name of this many clients. */
  | { readonly kind: 'straggle'; readonly clients: number; readonly as: StragglerKind }
  /** Write each client's last word. */
  | { readonly kind: 'last-word' }
  /** Write each client's last word, close and exit. */
  | { readonly kind: 'finish' };

/**
 * `before`: with an attempt that the client has left behind; `copy`: with the one that it has now; `forger`: with another
 * client's resume token.
 */
export type StragglerKind = 'before' | 'copy' | 'forger';

/** How it goes, five times a second. */
export interface LoadStatus {
  readonly clients: number;
  readonly connected: number;
  /** Subscribed to everything that they want. */
  readonly subscribed: number;
  /** A hand-over is under way. */
  readonly moving: number;
  /** Clients on each pod, by its name. */
  readonly pods: Readonly<Record<string, number>>;
  readonly moves: number;
  readonly received: number;
  readonly acknowledged: number;
  /** Published and not yet settled. */
  readonly inFlight: number;
  /** Answers that stragglers got: close codes, or `welcome`. */
  readonly stragglers: readonly string[];
  /** How often each client has written its last word, and it is in the log. */
  readonly lastWords: number;
  readonly sessions: readonly SessionOfUser[];
}

interface SessionOfUser {
  readonly session: string;
  readonly user: string;
}
