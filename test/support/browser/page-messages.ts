import type { LogRecord } from '../judge/records.js';
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

/** Numbers count 1, 2, 3 ... over reloads; some may be said again. */
export interface NumberedNote {
  readonly number: number;
  readonly record: LogRecord;
}

/** The page's globals: `batonNote` takes a NumberedNote as JSON. */
export interface PageGlobals {
  batonPage?: BatonPage;
  batonNote(text: string): void;
}
