import type { Json, ResetReason } from '../protocol/frames.js';
import type { Position } from '../protocol/position.js';
import type { StreamName } from '../protocol/stream-name.js';
import type { SequenceRange } from './sequence-ranges.js';

/** What happened, as this client saw it. `connection` counts the connections of this client, `attempt` those of its session. */
export type WireEvent =
  | {
      readonly type: 'opened';
      readonly connection: number;
      readonly attempt: number;
      readonly url: string;
      readonly handOver: boolean;
    }
  | {
      readonly type: 'welcome';
      readonly connection: number;
      readonly attempt: number;
      readonly session: string;
      readonly resumed: boolean;
      readonly pod: string;
      readonly revision: string;
    }
  /** `dropped`: the client closed it and stopped listening; `code` is what it would have made of it. */
  | {
      readonly type: 'closed';
      readonly connection: number;
      readonly attempt: number;
      readonly code: number;
      readonly reason: string;
      readonly wasCurrent: boolean;
      readonly dropped: boolean;
    }
  | {
      readonly type: 'migrate';
      readonly connection: number;
      readonly reason: string;
      readonly endpoints: readonly string[];
    }
  | {
      readonly type: 'subscribed';
      readonly connection: number;
      readonly stream: StreamName;
      readonly position: Position;
    }
  /** Applied: given to the application. */
  | {
      readonly type: 'message';
      readonly connection: number;
      readonly stream: StreamName;
      readonly offset: number;
      readonly id: string;
      readonly data: Json;
    }
  | { readonly type: 'reset'; readonly stream: StreamName; readonly reason: ResetReason; readonly position: Position }
  /** `data` is JSON text, null in a mark. One event each time that it is sent. */
  | {
      readonly type: 'publish';
      readonly connection: number;
      readonly stream: StreamName;
      readonly seq: number;
      readonly after: number;
      readonly data: string | null;
    }
  /** Settled; the application's promise resolves. */
  | { readonly type: 'ack'; readonly stream: StreamName; readonly seq: number; readonly mark: boolean }
  | { readonly type: 'rejected'; readonly stream: StreamName; readonly seq: number; readonly code: string }
  | { readonly type: 'lost'; readonly stream: StreamName; readonly ranges: readonly SequenceRange[] }
  /** 4010: a new session and a new publisher follow. */
  | { readonly type: 'restarted' };

/** Called at once, in order; it must not throw. */
export type Observer = (event: WireEvent) => void;

declare const BATON_OBSERVED: boolean;
/** False in the file for a script tag, which is built without what only tests and measurements need. */
export const OBSERVED = typeof BATON_OBSERVED === 'undefined' || BATON_OBSERVED;
