/** What a backend's process is told at its start, as JSON in its first argument. */
export interface BackendOptions {
  readonly name: string;
  readonly tenant: string;
  /** `<id>.<secret>` */
  readonly apiKey: string;
  /** http: URLs of the API, used in turn; behind a balancer one is enough, for each send opens a connection of its own. */
  readonly apiUrls: readonly string[];
  readonly targets: readonly Target[];
  /** Sessions that `look-up` asks for. */
  readonly sessions: readonly string[];
  /** Sends per second, to the targets in turn. */
  readonly perSecond: number;
  readonly logFile: string;
}

/** As the API takes it. */
export type Target =
  { readonly session: string } | { readonly user: string } | { readonly channel: string } | { readonly tenant: true };

export type BackendCommand =
  | { readonly kind: 'publish' }
  | { readonly kind: 'quiet' }
  /** Ask the registry where each of the sessions is, and write it down. */
  | { readonly kind: 'look-up' }
  | { readonly kind: 'finish' };

export interface BackendStatus {
  readonly sent: number;
  readonly inFlight: number;
  /** Requests that were sent again, because nobody knew the outcome. */
  readonly repeats: number;
  readonly lookedUp: number;
}
