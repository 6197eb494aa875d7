import type { LoadOptions, LoadStatus } from '../load/load-messages.js';

/** What a page full of clients is told at its start. */
export interface PageLoadOptions extends Pick<
  LoadOptions,
  'name' | 'url' | 'tenant' | 'clients' | 'perSecond' | 'roomSize' | 'backoff'
> {
  /** By user: a page signs nothing. */
  readonly tokens: Readonly<Record<string, string>>;
  /** True: the clients go on when the page is loaded again. */
  readonly keeps: boolean;
}

/** How it goes. */
export interface PageLoadStatus extends Pick<
  LoadStatus,
  'clients' | 'connected' | 'subscribed' | 'moving' | 'received' | 'acknowledged' | 'inFlight' | 'moves'
> {
  readonly sessions: readonly string[];
  /** Of the newest welcomes. */
  readonly attempts: readonly number[];
}

/** What the test sees of the page, as a global. */
export interface BatonPage {
  begin(options: PageLoadOptions): Promise<void>;
  publish(): void;
  quiet(): void;
  lastWord(): void;
  finish(): Promise<void>;
  status(): PageLoadStatus;
}

/** The page's globals: `batonNote` takes a record as a line of JSON. */
export interface PageGlobals {
  batonPage?: BatonPage;
  batonNote(line: string): void;
}
