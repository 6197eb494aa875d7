import type { ChannelName, EntryId, PublisherId, SessionId, UserId } from './ids.js';
import type { Position } from './position.js';
import type { StreamName } from './stream-name.js';

export const SUBPROTOCOL = 'baton.v1';
export const CONNECT_PATH = '/v1/connect';

/** What a message may carry. Whole numbers beyond 2^53 belong in strings. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Where each wanted stream continues; null: "from now on". */
export type StreamPositions = Readonly<Partial<Record<StreamName, Position | null>>>;

// --- client to server -------------------------------------------------------------------------------------------------

export interface HelloFrame {
  readonly type: 'hello';
  /** Counts the connections that the client opens for its session, from 1; without `session` always 1. */
  readonly attempt: number;
  readonly token?: string;
  readonly session?: SessionId;
  readonly resume?: string;
  readonly streams: StreamPositions;
  readonly publisher?: PublisherId;
  readonly can: readonly string[];
  /** How often this attempt's predecessors were refused by `migrate` since the last `welcome` or backoff. */
  readonly hops: number;
}
export interface PublishFrame {
  readonly type: 'publish';
  readonly stream: StreamName;
  readonly seq: number;
  /** The sequence before this one: compared with the last that Redis knows. */
  readonly after: number;
  /** Absent in a mark, which settles a sequence without a message. */
  readonly data?: Json;
}
export interface SubscribeFrame {
  readonly type: 'subscribe';
  readonly stream: StreamName;
  readonly position?: Position;
}
export interface UnsubscribeFrame {
  readonly type: 'unsubscribe';
  readonly stream: StreamName;
}
export interface TokenFrame {
  readonly type: 'token';
  readonly token: string;
}
export interface PongFrame {
  readonly type: 'pong';
}
/** Whether the session is in a channel, and hears who else is. */
export interface PresenceAskFrame {
  readonly type: 'presence';
  readonly channel: ChannelName;
  readonly on: boolean;
}
export interface ByeFrame {
  readonly type: 'bye';
}
export type ClientFrame =
  HelloFrame | PublishFrame | SubscribeFrame | UnsubscribeFrame | PresenceAskFrame | TokenFrame | PongFrame | ByeFrame;
export type ClientFrameType = ClientFrame['type'];

// --- server to client -------------------------------------------------------------------------------------------------

export interface WelcomeFrame {
  readonly type: 'welcome';
  readonly session: SessionId;
  /** The newest resume token: a MAC over tenant, user and session. */
  readonly resume: string;
  /** False only if `hello` named no session. */
  readonly resumed: boolean;
  readonly window: { readonly seconds: number; readonly messages: number; readonly bytes: number };
  readonly pingSeconds: number;
  readonly pod: string;
  readonly revision: string;
}
export interface SubscribedFrame {
  readonly type: 'subscribed';
  readonly stream: StreamName;
  readonly position: Position;
}
export interface UnsubscribedFrame {
  readonly type: 'unsubscribed';
  readonly stream: StreamName;
}
export interface MessageFrame {
  readonly type: 'message';
  readonly stream: StreamName;
  readonly offset: number;
  readonly id: EntryId;
  readonly prev: EntryId;
  readonly data: Json;
}
/** `[after, seq]`: seq was accepted although after is not seq - 1. */
export type Jump = readonly [after: number, seq: number];
export interface AckFrame {
  readonly type: 'ack';
  readonly stream: StreamName;
  readonly seq: number;
  readonly from?: number;
  readonly jumps?: readonly Jump[];
}
export interface RefusedFrame {
  readonly type: 'refused';
  readonly stream: StreamName;
  readonly seq: number;
  readonly code: string;
  readonly jumps?: readonly Jump[];
}
export interface GapFrame {
  readonly type: 'gap';
  readonly stream: StreamName;
  readonly seq: number;
  readonly last: number;
}
export interface ErrorFrame {
  readonly type: 'error';
  readonly code: string;
  readonly message: string;
  readonly stream?: StreamName;
  readonly seq?: number;
  /** Its presence was refused: apart from `stream`, which would end a subscription. */
  readonly channel?: ChannelName;
  readonly retryAfterMs?: number;
}
export type ResetReason = 'lost' | 'trimmed' | 'forked' | 'ahead';
export interface ResetFrame {
  readonly type: 'reset';
  readonly stream: StreamName;
  readonly reason: ResetReason;
  readonly position: Position;
}
export interface ProbeFrame {
  readonly type: 'probe';
  readonly withinMs: number;
}
export interface MigrateFrame {
  readonly type: 'migrate';
  readonly reason: 'drain' | 'rebalance';
  readonly withinMs: number;
  readonly deadlineMs: number;
  /** URLs to try; empty: come back through the URL that was used before. */
  readonly endpoints: readonly string[];
}
export interface CredentialFrame {
  readonly type: 'credential';
  readonly expiresInMs: number;
}
/** A session that is in a channel. */
export interface PresenceEntry {
  /** The session's id. */
  readonly session: SessionId;
  /** Whose it is. */
  readonly user: UserId;
  /** Since when it is there without a break: Redis time, ms since 1970. */
  readonly since: number;
}
export interface PresenceFrame {
  readonly type: 'presence';
  readonly channel: ChannelName;
  /** A `snapshot` replaces everything. */
  readonly event: 'snapshot' | 'join' | 'leave';
  readonly entries: readonly PresenceEntry[];
  /** The snapshot goes on in the next frame. */
  readonly more?: boolean;
}
export interface BusyFrame {
  readonly type: 'busy';
  readonly retryAfterMs: number;
}
export interface PingFrame {
  readonly type: 'ping';
}
export type ServerFrame =
  | WelcomeFrame
  | SubscribedFrame
  | UnsubscribedFrame
  | MessageFrame
  | AckFrame
  | RefusedFrame
  | GapFrame
  | ErrorFrame
  | ResetFrame
  | ProbeFrame
  | MigrateFrame
  | CredentialFrame
  | PresenceFrame
  | BusyFrame
  | PingFrame;
export type ServerFrameType = ServerFrame['type'];
