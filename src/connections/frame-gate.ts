import type { ClientFrameType } from '../protocol/frames.js';
import type { ConnectionState } from './connection-state.js';

/** `violation` closes 1002; `drop` is what a client may send without knowing that its session has just moved. */
export type Verdict = 'take' | 'drop' | 'violation';

const UNTIL_WELCOME: ReadonlySet<string> = new Set(['pong', 'bye']);

/** Which frame a connection takes in which state. */
export function admitFrame(state: ConnectionState, type: ClientFrameType | 'unreadable'): Verdict {
  switch (state) {
    case 'awaiting-hello':
      return type === 'hello' ? 'take' : 'violation';
    case 'claiming':
      return UNTIL_WELCOME.has(type) ? 'take' : 'violation';
    case 'open':
      return type === 'hello' ? 'violation' : 'take';
    case 'leaving':
      return UNTIL_WELCOME.has(type) ? 'take' : 'drop';
    case 'closing':
    case 'closed':
      return 'drop';
  }
}
