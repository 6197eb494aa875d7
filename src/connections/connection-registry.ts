import type { ConnectionId } from '../protocol/ids.js';

/** What a hand-over needs of a connection; draining/ and fleet/ see no more of it. */
export interface MovableConnection {
  readonly id: ConnectionId;
  readonly tenant: string;
  readonly overlap: boolean;
  /** True when nothing waits in its queue and no replay runs: it goes first. */
  readonly caughtUp: boolean;
  /** Sends `migrate`; without overlap closes 1012 or 4002. Asking twice sends it again. */
  migrate(request: MigrateRequest): void;
  /** Closes with 1012: the drain deadline. */
  closeDrained(): void;
  /** Destroys the socket without waiting for the closing handshake. */
  terminate(): void;
}
export interface MigrateRequest {
  readonly reason: 'drain' | 'rebalance';
  readonly withinMs: number;
  readonly deadlineMs: number;
  readonly endpoints: readonly string[];
}

/**
 * The connections of this pod. Derived: the sockets themselves are the truth, and which session is connected where is
 * in Redis.
 */
export interface ConnectionRegistry {
  /** Open sockets, welcomed or not. */
  readonly size: number;
  /** Connections with a claimed session. */
  welcomed(): Iterable<MovableConnection>;
  /** Sockets without a claimed session: handshakes under way. */
  readonly unclaimed: number;
  closeUnclaimed(): void;
}

export const CONNECTION_REGISTRY = Symbol('ConnectionRegistry');
