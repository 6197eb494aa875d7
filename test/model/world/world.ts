import type { Ownership } from '../../../src/client/ownership.js';
import type { PublishState } from '../../../src/client/publish-state.js';
import type { StreamState } from '../../../src/client/stream-state.js';
import type { ConnectionState } from '../../../src/connections/connection-state.js';
import type { ServerFrame } from '../../../src/protocol/frames.js';
import type { Position } from '../../../src/protocol/position.js';
import type { Claim, ClaimResult, SessionRow } from '../../../src/sessions/session-store.js';
import type { Settled } from '../../../src/streams/append-rule.js';
import type { Hearing } from '../../../src/streams/live-rules.js';
import type { LogView } from '../../../src/streams/read-rule.js';
import type { AppendResult, Entry, ReadResult, SequencedItem } from '../../../src/streams/stream-log.js';
import type { Parts } from '../engine/state-table.js';

/** Everything that is, apart from what travels: plain values that are never changed. */
export interface World extends Parts {
  readonly redis: Redis;
  /** What the replica has, once it no longer follows. */
  readonly replica: Redis | null;
  readonly pod0: Pod;
  readonly pod1: Pod;
  readonly client0: Client | null;
  readonly client1: Client | null;
  readonly sockets0: readonly Socket[];
  readonly sockets1: readonly Socket[];
  readonly outside: Outside;
}

export type PodNumber = 0 | 1;
export type ClientNumber = 0 | 1;
export const PODS = [0, 1] as const;
export const CLIENTS = [0, 1] as const;

/** `channel:c` is shared; a session's stream is named after its session. */
export type LogName = string;

export interface Redis {
  readonly rows: Readonly<Record<string, SessionRow>>;
  readonly logs: Readonly<Record<LogName, LogView>>;
  /** By publisher and log. */
  readonly settled: Readonly<Record<string, Settled>>;
}

export type Heard =
  | { readonly kind: 'entry'; readonly log: LogName; readonly entry: Entry }
  | { readonly kind: 'claimed'; readonly session: string; readonly attempt: number };

export type Command =
  | { readonly kind: 'claim'; readonly claim: Claim; readonly socket: SocketName; readonly check: boolean }
  | { readonly kind: 'detach'; readonly session: string; readonly attempt: number; readonly connection: string }
  | { readonly kind: 'append'; readonly log: LogName; readonly items: readonly SequencedItem[] }
  /** `member` null: the pod itself. */
  | {
      readonly kind: 'read';
      readonly log: LogName;
      readonly member: SocketName | null;
      readonly from: Position | null;
    };

export type Reply =
  | { readonly kind: 'claim'; readonly result: ClaimResult; readonly socket: SocketName; readonly check: boolean }
  /** Null: Redis refused the batch as a whole. */
  | { readonly kind: 'append'; readonly log: LogName; readonly results: readonly AppendResult[] | null }
  | {
      readonly kind: 'read';
      readonly log: LogName;
      readonly member: SocketName | null;
      readonly from: Position | null;
      readonly result: ReadResult;
    };

/** `<client>.<connection>`, as the pods name it too. */
export type SocketName = string;

export interface Pod {
  readonly life: 'up' | 'paused' | 'dead';
  /** Its pair of connections to Redis; `stale`: to a Redis that is no longer the master. */
  readonly pair: 'up' | 'down' | 'stale';
  /** Something is wrong with the pair, and the canary is about to find it. */
  readonly doubt: boolean;
  readonly commands: readonly Command[];
  readonly replies: readonly Reply[];
  readonly heard: readonly Heard[];
  readonly streams: Readonly<Record<LogName, PodStream>>;
  readonly connections: Readonly<Record<SocketName, PodConnection>>;
  /** Publishes go to the channel alone. */
  readonly appends: AppendLine;
}

export interface AppendLine {
  readonly waiting: readonly { readonly socket: SocketName; readonly item: SequencedItem }[];
  /** How many of them are in the command under way. */
  readonly underWay: number;
  /** Nothing is sent before the rows were claimed again. */
  readonly held: boolean;
}

export interface PodStream {
  readonly position: Position | null;
  readonly hearing: Hearing;
  readonly reading: boolean;
  readonly readAgain: boolean;
  readonly members: readonly StreamMember[];
}

export interface StreamMember {
  readonly socket: SocketName;
  readonly own: Position | null;
  readonly state: 'reading' | 'waiting' | 'live';
  readonly answerDue: boolean;
}

export interface PodConnection {
  readonly client: ClientNumber;
  readonly session: string;
  readonly attempt: number;
  readonly state: ConnectionState;
  readonly winner: number;
  readonly publisher: string;
  readonly hello: HelloStreams;
  /** Something was published on it, or marked: the sweep keeps the publisher's key. */
  readonly used: boolean;
  /** How many subscribes it has had: each has a member of its own. */
  readonly subscribes: number;
  readonly isNew: boolean;
}

export type HelloStreams = Readonly<Record<string, Position | null>>;

export type Up =
  | {
      readonly type: 'hello';
      readonly attempt: number;
      readonly session: string | null;
      readonly publisher: string;
      readonly streams: HelloStreams;
    }
  | { readonly type: 'publish'; readonly seq: number; readonly after: number; readonly data: string | null }
  | { readonly type: 'subscribe'; readonly stream: string; readonly position: Position | null };

export type Down =
  | Extract<ServerFrame, { readonly type: 'subscribed' | 'message' | 'reset' | 'ack' | 'refused' | 'gap' | 'probe' }>
  | { readonly type: 'welcome'; readonly session: string }
  | { readonly type: 'migrate'; readonly to: PodNumber }
  | { readonly type: 'close'; readonly code: number; readonly reason: string };

export interface Socket {
  readonly number: number;
  readonly pod: PodNumber;
  readonly up: readonly Up[];
  readonly down: readonly Down[];
  /** The client hears and says something on it. */
  readonly clientOpen: boolean;
  /** The pod has not closed it, and hasn't seen it closed. */
  readonly podOpen: boolean;
}

export interface Client {
  readonly ownership: Ownership;
  /** Sessions that it lost count on: each new one has another name and another publisher. */
  readonly generation: number;
  readonly streams: Readonly<Record<string, StreamState>>;
  /** What the `hello` of the waiting connection named. */
  readonly named: HelloStreams;
  readonly publishing: PublishState<string>;
  readonly probeDue: boolean;
  readonly application: Application;
}

/** What the application was told. */
interface Application {
  /** By stream: the id after which the next message has to come. */
  readonly at: Readonly<Record<string, string>>;
  /** Every id of a message that it was given. */
  readonly given: readonly string[];
  readonly acknowledged: readonly (readonly [seq: number, name: string])[];
  readonly lost: readonly number[];
}

/** What the outside may still do, and what it did. */
export interface Outside {
  /** How much of the plot has happened. */
  readonly plotAt: number;
  readonly faults: number;
  readonly sends: number;
  readonly publishes: readonly [number, number];
  readonly migrations: number;
  /** Entries and logs that ever were, so that each has an id of its own. */
  readonly entries: number;
  readonly logs: number;
  /** Commands of a pair that was given up, still on their way. */
  readonly strays: readonly Command[];
  /** Logs of which something was lost for a reason that the design allows. */
  readonly causes: readonly LogName[];
  /** The first promise that was seen broken in the middle of a step. */
  readonly broken: string | null;
}
