import type { WelcomeFrame } from '../protocol/frames.js';
import type { ClientError } from './client-error.js';
import type { Ownership } from './ownership.js';

/** Which connection is used, and what comes next. */
export type ClientState =
  /** An attempt waits for its `welcome`, or the application for its token. */
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected'; readonly pod: string; readonly revision: string; readonly attempt: number }
  /** Connected, and a hand-over to another pod is under way: everything goes on working. */
  | { readonly kind: 'moving'; readonly pod: string; readonly revision: string; readonly attempt: number }
  /** Between two attempts. */
  | { readonly kind: 'waiting' }
  /** For good. `error` is null when the application closed it. */
  | { readonly kind: 'stopped'; readonly error: ClientError | null };

export function describe(state: Ownership, welcome: WelcomeFrame | null, error: ClientError | null): ClientState {
  if (state.life.kind === 'stopped') return { kind: 'stopped', error };
  if (state.current !== null && welcome !== null) {
    const { pod, revision } = welcome;
    return { kind: state.next.kind === 'idle' ? 'connected' : 'moving', pod, revision, attempt: state.current.attempt };
  }
  return { kind: state.next.kind === 'scheduled' ? 'waiting' : 'connecting' };
}

export function sameState(a: ClientState, b: ClientState): boolean {
  if (a.kind !== b.kind) return false;
  return !('attempt' in a) || !('attempt' in b) || (a.attempt === b.attempt && a.pod === b.pod);
}
