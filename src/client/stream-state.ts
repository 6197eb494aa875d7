import type { ErrorFrame, MessageFrame, ResetFrame, ResetReason, SubscribedFrame } from '../protocol/frames.js';
import { samePosition, stepFrom, type Position } from '../protocol/position.js';
import type { StreamName } from '../protocol/stream-name.js';

/** What one connection does for one stream. */
export interface Feed {
  readonly connection: number;
  readonly phase: Phase;
  /** Subscribes sent again on this connection since a message was last applied. */
  readonly repeats: number;
}

export type Phase =
  /** A subscribe (or `hello`, or an unasked `reset`) waits for its `subscribed`; `again`: it can't end well any more. */
  | { readonly kind: 'unanswered'; readonly askedFrom: Position | null; readonly again: boolean }
  | { readonly kind: 'live' }
  /** Subscribes again when its timer is due. */
  | { readonly kind: 'paused' };

export interface StreamState {
  readonly stream: StreamName;
  /** The last entry that the application was given; null until the first `subscribed` or `reset`. */
  readonly position: Position | null;
  /** The connection whose frames count. */
  readonly feed: Feed | null;
  /** The newer connection, from its first frame for this stream on the feed (M). */
  readonly standby: Feed | null;
}

export type StreamEffect =
  | {
      readonly type: 'subscribe';
      readonly connection: number;
      readonly stream: StreamName;
      readonly position: Position | null;
    }
  | { readonly type: 'unsubscribe'; readonly connection: number; readonly stream: StreamName }
  | { readonly type: 'deliver'; readonly connection: number; readonly message: MessageFrame }
  | { readonly type: 'reset'; readonly stream: StreamName; readonly reason: ResetReason; readonly position: Position }
  | { readonly type: 'ready'; readonly connection: number; readonly stream: StreamName; readonly position: Position }
  /** `due` after `atLeastMs` and a backoff by `failures`. */
  | { readonly type: 'pause'; readonly stream: StreamName; readonly atLeastMs: number; readonly failures: number }
  | { readonly type: 'ended'; readonly stream: StreamName; readonly code: string; readonly message: string };

export type StreamChange = readonly [state: StreamState, effects: readonly StreamEffect[]];

const NONE: readonly StreamEffect[] = [];
const LIVE: Phase = { kind: 'live' };

/** A connection that was welcomed: it was asked for the stream in `hello`, or isn't yet. Undefined: not named there. */
export function welcomed(state: StreamState, connection: number, named: Position | null | undefined): StreamChange {
  if (named !== undefined) return [withNewer(state, { connection, phase: unanswered(named), repeats: 0 }), NONE];
  return subscribeOn(state, connection);
}

export function subscribeOn(state: StreamState, connection: number): StreamChange {
  const { stream, position } = state;
  const newer = withNewer(state, { connection, phase: unanswered(position), repeats: 0 });
  return [newer, [{ type: 'subscribe', connection, stream, position }]];
}

export function gone(state: StreamState, connection: number): StreamState {
  if (state.standby?.connection === connection) return { ...state, standby: null };
  return state.feed?.connection === connection ? { ...state, feed: state.standby, standby: null } : state;
}

export function onMessage(before: StreamState, connection: number, frame: MessageFrame): StreamChange {
  const state = heard(before, connection);
  if (state?.feed == null) return [before, NONE];
  if (state.position === null) return [state, NONE];
  switch (stepFrom(state.position, frame)) {
    case 'apply': {
      const feed = state.feed.repeats === 0 ? state.feed : { ...state.feed, repeats: 0 };
      const position = { offset: frame.offset, id: frame.id };
      return [{ ...state, feed, position }, [{ type: 'deliver', connection, message: frame }]];
    }
    case 'ignore':
      return [state, NONE];
    case 'gap':
      return state.feed.phase.kind === 'live' ? again(state, state.feed) : [state, NONE];
  }
}

export function onSubscribed(before: StreamState, connection: number, frame: SubscribedFrame): StreamChange {
  const state = heard(before, connection);
  if (state?.feed == null) return [before, NONE];
  const position = state.position ?? frame.position;
  const { feed } = state;
  const spoilt = feed.phase.kind === 'unanswered' && feed.phase.again;
  if (spoilt || !samePosition(position, frame.position))
    return feed.phase.kind === 'paused' ? [state, NONE] : again({ ...state, position }, feed);
  const ready = { type: 'ready', connection, stream: state.stream, position } as const;
  return [{ ...state, position, feed: { ...feed, phase: LIVE } }, [ready]];
}

/** Applied unless the position has moved since the subscribe that it answers; an unasked one answers none. */
export function onReset(before: StreamState, connection: number, frame: ResetFrame): StreamChange {
  const state = heard(before, connection);
  if (state?.feed == null) return [before, NONE];
  const { feed } = state;
  if (feed.phase.kind === 'unanswered' && !sameOrNone(state.position, feed.phase.askedFrom))
    return [{ ...state, feed: { ...feed, phase: { ...feed.phase, again: true } } }, NONE];
  const { position, reason } = frame;
  return [
    { ...state, position, feed: { ...feed, phase: unanswered(position) } },
    [{ type: 'reset', stream: state.stream, reason, position }],
  ];
}

/** An `error` for the stream. A temporary one ends only the subscribe that it answers. */
export function onTemporaryError(state: StreamState, connection: number, frame: ErrorFrame): StreamChange {
  const atLeastMs = frame.retryAfterMs ?? 0;
  const pause = (feed: Feed): readonly StreamEffect[] => [
    { type: 'pause', stream: state.stream, atLeastMs, failures: feed.repeats },
  ];
  const paused = (feed: Feed): Feed => ({ ...feed, phase: { kind: 'paused' }, repeats: feed.repeats + 1 });
  if (state.standby?.connection === connection)
    return [{ ...state, standby: paused(state.standby) }, pause(state.standby)];
  if (state.feed?.connection !== connection || state.standby !== null) return [state, NONE];
  return [{ ...state, feed: paused(state.feed) }, pause(state.feed)];
}

/** The timer of a pause. */
export function onDue(state: StreamState): StreamChange {
  const { stream, position, feed, standby } = state;
  const asked = (paused: Feed): Feed => ({ ...paused, phase: unanswered(position) });
  const ask = ({ connection }: Feed): readonly StreamEffect[] => [{ type: 'subscribe', connection, stream, position }];
  if (standby?.phase.kind === 'paused') return [{ ...state, standby: asked(standby) }, ask(standby)];
  if (feed?.phase.kind === 'paused' && standby === null) return [{ ...state, feed: asked(feed) }, ask(feed)];
  return [state, NONE];
}

/** The state in which this connection's frame counts, or null if it doesn't. The newer one's first frame makes it the feed (M). */
function heard(state: StreamState, connection: number): StreamState | null {
  if (state.standby?.connection === connection) return { ...state, feed: state.standby, standby: null };
  return state.feed?.connection === connection ? state : null;
}

/** Subscribes again from the own position: once at once, then with backoff. A newer connection's replay does it anyway. */
function again(state: StreamState, feed: Feed): StreamChange {
  if (state.standby !== null) return [state, NONE];
  const { stream, position } = state;
  const { connection, repeats } = feed;
  if (repeats > 0) {
    const paused: Feed = { connection, phase: { kind: 'paused' }, repeats: repeats + 1 };
    return [{ ...state, feed: paused }, [{ type: 'pause', stream, atLeastMs: 0, failures: repeats - 1 }]];
  }
  const asked: Feed = { connection, phase: unanswered(position), repeats: 1 };
  return [{ ...state, feed: asked }, [{ type: 'subscribe', connection, stream, position }]];
}

/** Without a feed there is nothing to hand over from. */
function withNewer(state: StreamState, newer: Feed): StreamState {
  return state.feed === null ? { ...state, feed: newer, standby: null } : { ...state, standby: newer };
}

const unanswered = (askedFrom: Position | null): Phase => ({ kind: 'unanswered', askedFrom, again: false });
const sameOrNone = (a: Position | null, b: Position | null): boolean =>
  a === null || b === null ? a === b : samePosition(a, b);
