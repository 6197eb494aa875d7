/**
 * What clients and backends write down while they run, one JSON object a line. The judge reads nothing else: it believes
 * what applications saw, never the system's own counters.
 */
export type LogRecord = { readonly atUs: number; readonly who: string } & Happening;

/** What every numbered message carries; `tenant` is the marker that nobody else may see. */
export interface NumberedMessage {
  readonly tenant: string;
  readonly publisher: string;
  /** Counts 1, 2, 3 ... per publisher and stream. */
  readonly seq: number;
  readonly uid: string;
  /** On the same clock as the records. */
  readonly sentAtUs: number;
}

/** Streams are written with their owner (see streamOf), so that two tenants' channels of one name differ. */
export type Happening =
  /** A client exists. */
  | { readonly kind: 'started'; readonly tenant: string }
  /** A `hello` was sent. */
  | { readonly kind: 'connect'; readonly attempt: number; readonly url: string }
  | {
      readonly kind: 'welcome';
      readonly attempt: number;
      readonly session: string;
      readonly resumed: boolean;
      readonly pod: string;
      readonly revision: string;
    }
  /** A connection is closed, by whomever. `attempt` 0: before its `hello`. */
  | { readonly kind: 'close'; readonly attempt: number; readonly code: number; readonly reason: string }
  /** The application's subscription has taken effect: from here on it is entitled to everything. */
  | { readonly kind: 'subscribed'; readonly stream: string }
  /** The application was given a message, which came over the connection of `attempt`. */
  | {
      readonly kind: 'receive';
      readonly stream: string;
      readonly offset: number;
      readonly id: string;
      readonly attempt: number;
      readonly message: NumberedMessage;
    }
  /** The application was told that it must reload its state. */
  | { readonly kind: 'reset'; readonly stream: string; readonly reason: string }
  /** The application publishes, or a backend sends: from here on the outcome is open. */
  | { readonly kind: 'send'; readonly stream: string; readonly uid: string }
  /** ... it is acknowledged. */
  | { readonly kind: 'acknowledged'; readonly uid: string }
  /** ... it is refused for good: it must not arrive. */
  | { readonly kind: 'refused'; readonly uid: string; readonly code: string }
  /** ... nobody knows: it may arrive, once. */
  | { readonly kind: 'unknown'; readonly uid: string }
  /** An acknowledged message was reported as lost by Redis. */
  | { readonly kind: 'lost-by-redis'; readonly uid: string }
  /** What the registry says of a session, asked when all was quiet: which attempt holds it, and whether it is connected. */
  | { readonly kind: 'registered'; readonly session: string; readonly attempt: number; readonly connected: boolean }
  /** The client's last word, whenever all was quiet. */
  | { readonly kind: 'ended'; readonly connected: boolean; readonly unsettled: number }

  /** Redis may have lost what it had acknowledged on this stream (`*`: any) since `sinceUs`, and will lose no more of it. */
  | { readonly kind: 'rewound'; readonly stream: string; readonly sinceUs: number }
  /** Redis has surely lost everything of this stream that was sent after `fromUs` and acknowledged before `untilUs`. */
  | { readonly kind: 'taken-back'; readonly stream: string; readonly fromUs: number; readonly untilUs: number }
  /** What a pod had counted when it was asked, or said when it ended: `resets` null. */
  | { readonly kind: 'counted'; readonly resets: number | null; readonly forced: number }
  /** How much of something there was before the first client came, and after the last one had left. */
  | { readonly kind: 'left'; readonly what: string; readonly before: number; readonly after: number };

export type HappeningOf<Kind extends Happening['kind']> = LogRecord & { readonly kind: Kind };

/** µs on the machine's monotonic clock, which all of its processes share. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** A stream with its owner: whose `session` or `user` it is follows from who says it. */
export function streamOf(owner: StreamOwnerNames, stream: string): string {
  if (stream === 'session') return `${owner.tenant}/session:${owner.session}`;
  if (stream === 'user') return `${owner.tenant}/user:${owner.user}`;
  return `${owner.tenant}/${stream}`;
}

export interface StreamOwnerNames {
  readonly tenant: string;
  readonly user: string;
  readonly session: string;
}
